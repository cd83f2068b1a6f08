-- The dojos in which each person took part. Of the others there, only the number is told.
SELECT
  a.tenant_id, s.user_id, d.held_at, d.id, d.day, d.subject, n.participants, a.opened
FROM dojo_people a
JOIN sharers s ON s.tenant_id = a.tenant_id AND s.user_id = a.user_id
JOIN dojos d ON d.tenant_id = a.tenant_id AND d.id = a.dojo_id
JOIN (
  SELECT tenant_id, dojo_id, count(*) AS participants FROM dojo_people GROUP BY tenant_id, dojo_id
) n ON n.tenant_id = d.tenant_id AND n.dojo_id = d.id
WHERE a.is_current
