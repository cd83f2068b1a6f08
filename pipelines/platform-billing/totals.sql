-- All tenants together, one row per currency; nothing is converted.
SELECT
  NULL::uuid AS tenant_id, currency,
  count(*) FILTER (WHERE mrr > 0) AS paying_tenants,
  count(*) FILTER (WHERE mrr_previous > 0) AS paying_tenants_previous,
  sum(mrr) AS mrr, sum(mrr_previous) AS mrr_previous,
  sum(subscriptions)::bigint AS subscriptions,
  sum(subscriptions_previous)::bigint AS subscriptions_previous,
  sum(gross) AS gross, sum(gross_previous) AS gross_previous,
  sum(refunds) AS refunds, sum(refunds_previous) AS refunds_previous,
  sum(disputes) AS disputes, sum(disputes_previous) AS disputes_previous,
  sum(net) AS net, sum(net_previous) AS net_previous,
  sum(payments)::bigint AS payments,
  sum(pending) AS pending,
  sum(outstanding) AS outstanding,
  sum(overdue) AS overdue,
  sum(overdue_invoices)::bigint AS overdue_invoices,
  CASE WHEN sum(first_attempts) > 0 THEN round(sum(first_failed) / sum(first_attempts), 6) END
    AS first_failure_rate,
  CASE WHEN sum(first_failed) > 0 THEN round(sum(first_recovered) / sum(first_failed), 6) END
    AS recovery_rate
FROM billing_totals
JOIN sound USING (tenant_id)
GROUP BY currency
