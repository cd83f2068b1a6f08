-- The catalogue of all POCs of the period.
SELECT
  c.tenant_id, c.created, c.id, c.day, c.name, c.language, c.tags, c.favorite, c.author, c.author_is,
  coalesce(s.screenshots, 0) AS screenshots, c.description, c.repourl
FROM pocs c
LEFT JOIN screenshots s ON s.tenant_id = c.tenant_id AND s.id = c.id
WHERE c.is_current
