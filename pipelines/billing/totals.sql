-- The figures of the statement, one row per currency. Gross, refunds and disputes count only what succeeded.
SELECT
  c.tenant_id, c.position, c.currency,
  coalesce(m.mrr, 0.0000) AS mrr,
  coalesce(m.mrr_previous, 0.0000) AS mrr_previous,
  coalesce(m.subscriptions, 0) AS subscriptions,
  coalesce(m.subscriptions_previous, 0) AS subscriptions_previous,
  coalesce(y.gross, 0.00) AS gross,
  coalesce(y.gross_previous, 0.00) AS gross_previous,
  coalesce(y.refunds, 0.00) AS refunds,
  coalesce(y.refunds_previous, 0.00) AS refunds_previous,
  coalesce(y.disputes, 0.00) AS disputes,
  coalesce(y.disputes_previous, 0.00) AS disputes_previous,
  coalesce(y.gross - y.refunds - y.disputes, 0.00) AS net,
  coalesce(y.gross_previous - y.refunds_previous - y.disputes_previous, 0.00) AS net_previous,
  coalesce(y.payments, 0) AS payments,
  coalesce(y.charges, 0) AS charges,
  coalesce(y.pending, 0.00) AS pending,
  coalesce(i.first_attempts, 0.00) AS first_attempts,
  coalesce(i.first_failed, 0.00) AS first_failed,
  coalesce(i.first_recovered, 0.00) AS first_recovered,
  CASE WHEN i.first_attempts > 0 THEN round(i.first_failed / i.first_attempts, 6) END
    AS first_failure_rate,
  CASE WHEN i.first_attempts_previous > 0 THEN
    round(i.first_failed_previous / i.first_attempts_previous, 6) END AS first_failure_rate_previous,
  CASE WHEN i.first_failed > 0 THEN round(i.first_recovered / i.first_failed, 6) END
    AS recovery_rate,
  CASE WHEN i.first_failed_previous > 0 THEN
    round(i.first_recovered_previous / i.first_failed_previous, 6) END AS recovery_rate_previous,
  coalesce(o.outstanding, 0.00) AS outstanding,
  coalesce(o.overdue, 0.00) AS overdue,
  coalesce(o.overdue_invoices, 0) AS overdue_invoices
FROM currencies c
LEFT JOIN (
  SELECT
    p.tenant_id, e.currency,
    coalesce(sum(e.mrr) FILTER (WHERE e.until IS NULL), 0.0000) AS mrr,
    count(*) FILTER (WHERE e.until IS NULL AND e.mrr > 0) AS subscriptions,
    coalesce(sum(e.mrr) FILTER (
      WHERE e.at < p.starts_at AND (e.until IS NULL OR e.until >= p.starts_at)), 0.0000)
      AS mrr_previous,
    count(*) FILTER (
      WHERE e.mrr > 0 AND e.at < p.starts_at AND (e.until IS NULL OR e.until >= p.starts_at))
      AS subscriptions_previous
  FROM partition p
  JOIN billing_events e ON e.tenant_id = p.tenant_id
  GROUP BY p.tenant_id, e.currency
) m ON m.tenant_id = c.tenant_id AND m.currency = c.currency
LEFT JOIN (
  SELECT
    tenant_id, currency,
    count(*) FILTER (WHERE is_current) AS payments,
    count(*) FILTER (WHERE is_current AND kind = 'charge' AND status = 'succeeded') AS charges,
    coalesce(sum(total) FILTER (
      WHERE is_current AND kind = 'charge' AND status = 'succeeded'), 0.00) AS gross,
    coalesce(sum(total) FILTER (
      WHERE is_previous AND kind = 'charge' AND status = 'succeeded'), 0.00) AS gross_previous,
    coalesce(sum(total) FILTER (
      WHERE is_current AND kind = 'refund' AND status = 'succeeded'), 0.00) AS refunds,
    coalesce(sum(total) FILTER (
      WHERE is_previous AND kind = 'refund' AND status = 'succeeded'), 0.00) AS refunds_previous,
    coalesce(sum(total) FILTER (
      WHERE is_current AND kind = 'dispute' AND status = 'succeeded'), 0.00) AS disputes,
    coalesce(sum(total) FILTER (
      WHERE is_previous AND kind = 'dispute' AND status = 'succeeded'), 0.00) AS disputes_previous,
    coalesce(sum(total) FILTER (
      WHERE is_current AND kind = 'charge' AND status = 'pending'), 0.00) AS pending
  FROM payments
  GROUP BY tenant_id, currency
) y ON y.tenant_id = c.tenant_id AND y.currency = c.currency
LEFT JOIN (
  -- A first attempt that is still pending does not count. If the first attempt failed, what was paid later
  -- is recovered, up to the amount of the first attempt.
  SELECT
    tenant_id, currency,
    coalesce(sum(first_total) FILTER (WHERE is_current), 0.00) AS first_attempts,
    coalesce(sum(first_total) FILTER (WHERE is_current AND first_status = 'failed'), 0.00)
      AS first_failed,
    coalesce(sum(least(first_total, paid)) FILTER (
      WHERE is_current AND first_status = 'failed'), 0.00) AS first_recovered,
    coalesce(sum(first_total) FILTER (WHERE is_previous), 0.00) AS first_attempts_previous,
    coalesce(sum(first_total) FILTER (WHERE is_previous AND first_status = 'failed'), 0.00)
      AS first_failed_previous,
    coalesce(sum(least(first_total, paid_earlier)) FILTER (
      WHERE is_previous AND first_status = 'failed'), 0.00)
      AS first_recovered_previous
  FROM invoices
  WHERE first_status IN ('succeeded', 'failed')
  GROUP BY tenant_id, currency
) i ON i.tenant_id = c.tenant_id AND i.currency = c.currency
LEFT JOIN (
  SELECT
    tenant_id, currency,
    sum(balance) AS outstanding,
    coalesce(sum(balance) FILTER (WHERE bucket <> 'not_due'), 0.00) AS overdue,
    count(*) FILTER (WHERE bucket <> 'not_due') AS overdue_invoices
  FROM open_invoices
  GROUP BY tenant_id, currency
) o ON o.tenant_id = c.tenant_id AND o.currency = c.currency
