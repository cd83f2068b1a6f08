-- The seven days of the week; 0 is Monday.
SELECT
  p.tenant_id, w.weekday, coalesce(d.dojos, 0) AS dojos, coalesce(d.attendances, 0) AS attendances
FROM partition p
CROSS JOIN generate_series(0, 6) AS w(weekday)
LEFT JOIN (
  SELECT
    tenant_id, extract(isodow FROM day)::integer - 1 AS weekday, count(*) AS dojos,
    sum(participants)::bigint AS attendances
  FROM dojo_facts
  WHERE is_current
  GROUP BY 1, 2
) d ON d.tenant_id = p.tenant_id AND d.weekday = w.weekday
