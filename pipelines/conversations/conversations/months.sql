-- The twelve months up to the end of the period, but not those that have not begun.
SELECT
  p.tenant_id,
  s.month::date AS month,
  count(DISTINCT m.conversation) AS conversations,
  count(m.id) FILTER (WHERE m.direction = 'received') AS received,
  count(m.id) FILTER (WHERE m.direction = 'sent') AS sent
FROM partition p
CROSS JOIN LATERAL generate_series(
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
  interval '1 month') AS s(month)
LEFT JOIN message m ON m.tenant_id = p.tenant_id AND m.sent < p.cutoff_at
  AND m.sent >= s.month AT TIME ZONE p.time_zone
  AND m.sent < (s.month + interval '1 month') AT TIME ZONE p.time_zone
  AND m.conversation IS NOT NULL AND m.direction IN ('sent', 'received')
WHERE s.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
GROUP BY p.tenant_id, s.month
