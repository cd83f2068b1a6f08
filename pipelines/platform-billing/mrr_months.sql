-- The MRR at the end of each of the twelve months up to the period's end, a row a currency and month
-- that has begun.
SELECT NULL::uuid AS tenant_id, e.currency, s.month::date AS month,
  coalesce(sum(e.mrr) FILTER (
    WHERE e.at < (s.month + interval '1 month') AT TIME ZONE p.time_zone
      AND (e.until IS NULL OR e.until >= (s.month + interval '1 month') AT TIME ZONE p.time_zone)
  ), 0.0000) AS mrr
FROM partition p
JOIN sound o ON o.tenant_id = p.tenant_id
JOIN billing_events e ON e.tenant_id = p.tenant_id
CROSS JOIN LATERAL generate_series(
  (p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
  (p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
  interval '1 month') AS s(month)
WHERE s.month AT TIME ZONE p.time_zone < p.cutoff_at
GROUP BY e.currency, s.month
