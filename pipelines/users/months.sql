-- The twelve months up to the end of the period, but not those that have not begun: how many users
-- joined, and how many there were at the end of the month.
SELECT
  p.tenant_id,
  s.month::date AS month,
  count(u.id) FILTER (WHERE u.created >= s.month AT TIME ZONE p.time_zone) AS joined,
  count(u.id) AS users
FROM partition p
CROSS JOIN LATERAL generate_series(
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
  interval '1 month') AS s(month)
LEFT JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
  AND u.created < (s.month + interval '1 month') AT TIME ZONE p.time_zone
WHERE s.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
GROUP BY p.tenant_id, s.month
