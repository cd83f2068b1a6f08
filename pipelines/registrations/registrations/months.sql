-- The twelve months up to the end of the period, but not those that have not begun.
SELECT
  p.tenant_id,
  s.month::date AS month,
  count(r.id) AS registered,
  count(r.id) FILTER (WHERE r.is_confirmed) AS confirmed
FROM partition p
CROSS JOIN LATERAL generate_series(
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
  interval '1 month') AS s(month)
LEFT JOIN registered r ON r.tenant_id = p.tenant_id
  AND r.created >= s.month AT TIME ZONE p.time_zone
  AND r.created < (s.month + interval '1 month') AT TIME ZONE p.time_zone
WHERE s.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
GROUP BY p.tenant_id, s.month
