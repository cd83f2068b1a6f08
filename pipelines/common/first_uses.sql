-- The languages of this period that the tenant had never used before.
SELECT n.tenant_id, n.language, n.created
FROM (
  SELECT tenant_id, language, min(created) AS created
  FROM poc_facts
  WHERE is_current AND language IS NOT NULL
  GROUP BY tenant_id, language
) n
LEFT JOIN (
  SELECT c.tenant_id, CASE
      WHEN octet_length(c.language) = char_length(c.language) THEN btrim(c.language, E' \t\n\r')
      ELSE btrim(regexp_replace(regexp_replace(CASE WHEN c.language ~ '[\u0300-\U0010FFFF]' THEN normalize(c.language) ELSE c.language END,
        '[\u0001-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]+', '', 'g'),
        '[ \u00A0\u1680\u2000-\u200A\u202F\u205F\u3000\u3164]+', ' ', 'g'))
    END AS language
  FROM (
    SELECT p.tenant_id, c.language
    FROM partition p
    JOIN pocuser c ON c.tenantid = p.tenant_id AND c.created < p.starts_at
    GROUP BY p.tenant_id, c.language
  ) c
  GROUP BY 1, 2
) o ON o.tenant_id = n.tenant_id AND o.language = n.language
WHERE o.tenant_id IS NULL
