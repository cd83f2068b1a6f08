-- The figures of each person. Who joined during the period before is not compared with it.
SELECT
  f.tenant_id,
  s.user_id,
  f.pocs,
  CASE WHEN s.joined <= p.previous_starts_at THEN f.pocs_previous END AS pocs_previous,
  f.favorites,
  f.languages,
  f.dojos,
  CASE WHEN s.joined <= p.previous_starts_at THEN f.dojos_previous END AS dojos_previous,
  f.dojos_opened,
  f.active_days
FROM partition p
JOIN member_facts f ON f.tenant_id = p.tenant_id
JOIN sharers s ON s.tenant_id = f.tenant_id AND s.user_id = f.user_id
WHERE f.pocs + f.dojos > 0
