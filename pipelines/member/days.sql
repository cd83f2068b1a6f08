-- The days on which each person did something.
SELECT e.tenant_id, s.user_id, e.day, count(*) AS activities
FROM (
  SELECT tenant_id, user_id, day FROM poc_facts WHERE is_current
  UNION ALL
  SELECT tenant_id, user_id, day FROM dojo_people WHERE is_current
) e
JOIN sharers s ON s.tenant_id = e.tenant_id AND s.user_id = e.user_id
GROUP BY e.tenant_id, s.user_id, e.day
