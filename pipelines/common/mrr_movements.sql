-- Each change of MRR, by currency. If an event moves a subscription to another currency, it is a contraction
-- in the old one and an expansion in the new one; nothing is converted.
SELECT
  e.tenant_id, e.id, e.billing_id, e.at, e.kind, e.plan, e.price, m.currency, m.mrr_before,
  m.mrr_after, m.mrr_after - m.mrr_before AS change, m.movement
FROM billing_events e
CROSS JOIN LATERAL (
  SELECT
    e.currency, e.mrr_before, e.mrr AS mrr_after,
    CASE
      WHEN e.mrr = 0 THEN 'churn'
      WHEN e.mrr_before = 0 AND e.was_paying THEN 'reactivation'
      WHEN e.mrr_before = 0 THEN 'new'
      WHEN e.mrr > e.mrr_before THEN 'expansion'
      ELSE 'contraction'
    END AS movement
  WHERE e.mrr <> e.mrr_before
    AND (e.mrr_before = 0 OR e.mrr = 0 OR e.currency_before = e.currency)
    AND NOT (e.mrr = 0 AND e.currency_before <> e.currency)
  UNION ALL
  SELECT e.currency_before, e.mrr_before, 0.0000,
    CASE WHEN e.mrr = 0 THEN 'churn' ELSE 'contraction' END
  WHERE e.mrr_before > 0 AND e.currency_before <> e.currency
  UNION ALL
  SELECT e.currency, 0.0000, e.mrr, 'expansion'
  WHERE e.mrr > 0 AND e.mrr_before > 0 AND e.currency_before <> e.currency
) m
