-- A row a POC and tag: a tag that stands twice on one POC counts once.
SELECT DISTINCT c.tenant_id, c.id, c.is_current, c.favorite, btrim(t.tag) AS tag
FROM pocs c
CROSS JOIN LATERAL unnest(string_to_array(c.tags, ',')) AS t(tag)
WHERE btrim(t.tag) <> ''
