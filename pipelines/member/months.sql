-- What each person did, month by month.
SELECT
  e.tenant_id, s.user_id, date_trunc('month', e.day::timestamp)::date AS month,
  count(*) FILTER (WHERE e.is_poc) AS pocs,
  count(*) FILTER (WHERE NOT e.is_poc) AS dojos
FROM (
  SELECT tenant_id, user_id, day, true AS is_poc FROM poc_facts WHERE is_current
  UNION ALL
  SELECT tenant_id, user_id, day, false FROM dojo_people WHERE is_current
) e
JOIN sharers s ON s.tenant_id = e.tenant_id AND s.user_id = e.user_id
GROUP BY 1, 2, 3
