-- One row per POC and tag. A tag that a POC has twice is here twice: count distinct ids. Tags that look the same
-- are the same: one form of Unicode, nothing that cannot be seen.
SELECT t.tenant_id, t.id, t.is_current, t.favorite, t.tag
FROM (
  SELECT
    s.tenant_id, s.id, s.is_current, s.favorite,
    CASE
      WHEN octet_length(s.tag) = char_length(s.tag) THEN btrim(s.tag, E' \t\n\r')
      ELSE btrim(regexp_replace(regexp_replace(CASE WHEN s.tag ~ '[\u0300-\U0010FFFF]' THEN normalize(s.tag) ELSE s.tag END,
        '[\u0001-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]+', '', 'g'),
        '[ \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u3164]+', ' ', 'g'))
    END AS tag
  FROM (
    -- Rows of a select list need no table of their own for each POC, as a function beside FROM does.
    SELECT
      p.tenant_id, c.id, c.created >= p.starts_at AS is_current, c.favorite = 'Y' AS favorite,
      unnest(string_to_array(c.tags, ',')) AS tag
    FROM partition p
    JOIN pocuser c ON c.tenantid = p.tenant_id
      AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
      AND (c.created >= p.starts_at OR c.created < p.previous_ends_at)
  ) s
) t
WHERE t.tag <> ''
