-- One row per tenant and currency.
SELECT
  s.tenant_id, s.slug, s.name, b.position, b.currency, b.mrr, b.mrr_previous,
  b.mrr - b.mrr_previous AS mrr_change, b.subscriptions, b.gross, b.refunds, b.disputes, b.net,
  b.payments, b.outstanding, b.overdue
FROM sound s
JOIN billing_totals b ON b.tenant_id = s.tenant_id
