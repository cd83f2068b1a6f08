-- The languages of this period that the tenant had never used before.
SELECT n.tenant_id, n.language, n.created
FROM (
  SELECT tenant_id, language, min(created) AS created
  FROM poc_facts
  WHERE is_current AND language IS NOT NULL
  GROUP BY tenant_id, language
) n
LEFT JOIN (
  SELECT p.tenant_id, btrim(c.language) AS language
  FROM partition p
  JOIN pocuser c ON c.tenantid = p.tenant_id AND c.created < p.starts_at
  GROUP BY p.tenant_id, btrim(c.language)
) o ON o.tenant_id = n.tenant_id AND o.language = n.language
WHERE o.tenant_id IS NULL
