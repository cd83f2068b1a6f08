-- From the MRR at the start of the period to the MRR at its end; the columns add up. Each event counts by
-- itself: a plan raised and lowered again on one day counts as both.
SELECT
  c.tenant_id, c.position, c.currency,
  coalesce(sum(m.change) FILTER (WHERE m.at < p.starts_at), 0.0000) AS starts,
  coalesce(sum(m.change) FILTER (WHERE m.at >= p.starts_at AND m.movement = 'new'), 0.0000) AS new,
  coalesce(sum(m.change) FILTER (
    WHERE m.at >= p.starts_at AND m.movement = 'reactivation'), 0.0000) AS reactivation,
  coalesce(sum(m.change) FILTER (
    WHERE m.at >= p.starts_at AND m.movement = 'expansion'), 0.0000) AS expansion,
  coalesce(sum(m.change) FILTER (
    WHERE m.at >= p.starts_at AND m.movement = 'contraction'), 0.0000) AS contraction,
  coalesce(sum(m.change) FILTER (
    WHERE m.at >= p.starts_at AND m.movement = 'churn'), 0.0000) AS churn,
  coalesce(sum(m.change), 0.0000) AS ends
FROM partition p
JOIN currencies c ON c.tenant_id = p.tenant_id
LEFT JOIN mrr_movements m ON m.tenant_id = c.tenant_id AND m.currency = c.currency
GROUP BY c.tenant_id, c.position, c.currency
