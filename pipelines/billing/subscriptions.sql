SELECT
  tenant_id, billing_id, gateway, plan, price, currency, mrr, subscription_state, since, expires, renews
FROM subscriptions
