SELECT
  tenant_id, billing_id, gateway, plan, price, currency, mrr, subscription_state,
  since_day AS since, expires_day AS expires, renews
FROM subscriptions
