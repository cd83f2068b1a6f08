-- How many pictures a POC has, and the first of them. Pictures of people who are not named are left out,
-- and those of guests, whose privacy setting is not known here.
SELECT
  s.tenant_id,
  s.id,
  count(*) AS screenshots,
  (array_agg(s.object_key ORDER BY s.created, s.screenshot_id))[1] AS media_key
FROM (
  -- The fence keeps the order: few POCs have pictures, and all POCs of each person would be looked through.
  SELECT p.tenant_id, c.id, c.userid AS user_id, s.object_key, s.created, s.id AS screenshot_id
  FROM partition p
  JOIN poc_screenshot s ON s.tenantid = p.tenant_id AND s.created < p.cutoff_at
  JOIN pocuser c ON c.tenantid = p.tenant_id AND c.id = s.pocid
    AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
  OFFSET 0
) s
JOIN people w ON w.tenant_id = s.tenant_id AND w.user_id = s.user_id AND w.name IS NOT NULL
GROUP BY s.tenant_id, s.id
