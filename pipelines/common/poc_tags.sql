-- A row a POC and tag: a tag that stands twice on one POC counts once.
SELECT p.tenant_id, c.created >= p.starts_at AS is_current, c.favorite = 'Y' AS favorite, t.tag
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
CROSS JOIN LATERAL (
  SELECT DISTINCT btrim(s.tag) AS tag
  FROM unnest(string_to_array(c.tags, ',')) AS s(tag)
  WHERE btrim(s.tag) <> ''
) t
