-- The MRR at the end of each of the twelve months up to the cut-off, in the tenant's own currency.
SELECT
  p.tenant_id,
  s.month::date AS month,
  p.currency,
  coalesce(sum(e.mrr), 0.0000) AS mrr
FROM partition p
CROSS JOIN LATERAL generate_series(
  date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
    - interval '11 months',
  date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond'),
  interval '1 month') AS s(month)
LEFT JOIN billing_events e ON e.tenant_id = p.tenant_id AND e.currency = p.currency
  AND e.at < (s.month + interval '1 month') AT TIME ZONE p.time_zone
  AND (e.until IS NULL OR e.until >= (s.month + interval '1 month') AT TIME ZONE p.time_zone)
GROUP BY p.tenant_id, s.month, p.currency
