-- The days with activity.
SELECT
  tenant_id,
  day,
  count(*) FILTER (WHERE NOT is_dojo) AS pocs,
  count(*) FILTER (WHERE is_dojo) AS dojos,
  count(*) AS activities
FROM (
  SELECT tenant_id, day, false AS is_dojo FROM poc_facts WHERE is_current
  UNION ALL
  SELECT tenant_id, day, true FROM dojos WHERE is_current
) everything
GROUP BY tenant_id, day
