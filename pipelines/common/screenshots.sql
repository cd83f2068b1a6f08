-- How many pictures a POC has, and the first of them. Pictures of people who are not named are left out,
-- and those of guests, whose privacy setting is not known here.
SELECT
  p.tenant_id,
  c.id,
  count(*) AS screenshots,
  (array_agg(s.object_key ORDER BY s.created, s.id))[1] AS media_key
FROM partition p
JOIN poc_screenshot s ON s.tenantid = p.tenant_id AND s.created < p.cutoff_at
JOIN pocuser c ON c.tenantid = p.tenant_id AND c.id = s.pocid
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
JOIN people w ON w.tenant_id = p.tenant_id AND w.user_id = c.userid AND w.name IS NOT NULL
GROUP BY p.tenant_id, c.id
