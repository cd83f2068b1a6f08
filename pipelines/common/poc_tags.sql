-- One row per POC and tag. A tag that a POC has twice is here twice: count distinct ids.
SELECT
  p.tenant_id, c.id, c.created >= p.starts_at AS is_current, c.favorite = 'Y' AS favorite,
  btrim(s.tag) AS tag
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
  AND (c.created >= p.starts_at OR c.created < p.previous_ends_at)
CROSS JOIN LATERAL unnest(string_to_array(c.tags, ',')) AS s(tag)
WHERE btrim(s.tag) <> ''
