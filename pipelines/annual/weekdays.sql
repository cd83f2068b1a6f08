-- The seven days of the week; 0 is Monday.
SELECT
  p.tenant_id,
  w.weekday,
  count(e.tenant_id) FILTER (WHERE NOT e.is_dojo) AS pocs,
  count(e.tenant_id) FILTER (WHERE e.is_dojo) AS dojos
FROM partition p
CROSS JOIN generate_series(0, 6) AS w(weekday)
LEFT JOIN (
  SELECT tenant_id, extract(isodow FROM day)::integer - 1 AS weekday, false AS is_dojo
  FROM poc_facts WHERE is_current
  UNION ALL
  SELECT tenant_id, extract(isodow FROM day)::integer - 1, true
  FROM dojos WHERE is_current
) e ON e.tenant_id = p.tenant_id AND e.weekday = w.weekday
GROUP BY p.tenant_id, w.weekday
