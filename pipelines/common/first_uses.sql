-- The first POC ever of each of a tenant's languages.
SELECT DISTINCT ON (p.tenant_id, btrim(c.language))
  p.tenant_id, btrim(c.language) AS language, c.id, c.created >= p.starts_at AS is_current
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id AND c.created < p.cutoff_at
WHERE btrim(c.language) <> ''
ORDER BY p.tenant_id, btrim(c.language), c.created, c.id
