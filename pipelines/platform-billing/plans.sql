-- Subscriptions by currency, plan and state.
SELECT
  NULL::uuid AS tenant_id, s.currency, s.plan, s.subscription_state, count(*) AS subscriptions,
  sum(s.mrr) AS mrr
FROM subscriptions s
JOIN sound USING (tenant_id)
GROUP BY s.currency, s.plan, s.subscription_state
