-- The MRR at the end of each of the twelve months up to the cut-off, one row per currency and month.
-- The months are the same for all tenants: those of the tenant whose local date is the latest.
SELECT NULL::uuid AS tenant_id, e.currency, s.month::date AS month,
  coalesce(sum(e.mrr) FILTER (
    WHERE e.at < (s.month + interval '1 month') AT TIME ZONE p.time_zone
      AND (e.until IS NULL OR e.until >= (s.month + interval '1 month') AT TIME ZONE p.time_zone)
  ), 0.0000) AS mrr
FROM partition p
JOIN sound o ON o.tenant_id = p.tenant_id
JOIN billing_events e ON e.tenant_id = p.tenant_id
CROSS JOIN (
  SELECT max(date_trunc('month', (cutoff_at AT TIME ZONE time_zone) - interval '1 microsecond')) AS month
  FROM partition
) l
CROSS JOIN LATERAL generate_series(l.month - interval '11 months', l.month, interval '1 month') AS s(month)
GROUP BY e.currency, s.month
