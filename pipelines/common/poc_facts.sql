-- The POCs of this period and of the one before in few columns, for queries that only count them.
SELECT
  p.tenant_id,
  c.id,
  c.userid AS user_id,
  c.created,
  (c.created AT TIME ZONE p.time_zone)::date AS day,
  c.created >= p.starts_at AS is_current,
  -- What looks the same is the same: one form of Unicode, nothing that cannot be seen.
  nullif(CASE
    WHEN octet_length(c.language) = char_length(c.language) THEN btrim(c.language, E' \t\n\r')
    ELSE btrim(regexp_replace(regexp_replace(CASE WHEN c.language ~ '[\u0300-\U0010FFFF]' THEN normalize(c.language) ELSE c.language END,
      '[\u0001-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]+', '', 'g'),
      '[ \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u3164]+', ' ', 'g'))
  END, '') AS language,
  c.favorite = 'Y' AS favorite,
  c.updated
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
