SELECT
  c.tenant_id,
  row_number() OVER (PARTITION BY c.tenant_id ORDER BY c.created, c.id) AS rank,
  c.day, c.name, c.description, c.language, c.tags, c.author, c.author_is, s.media_key
FROM pocs c
LEFT JOIN screenshots s ON s.tenant_id = c.tenant_id AND s.id = c.id
WHERE c.is_current AND c.favorite
