SELECT
  tenant_id, own_id AS billing_id, gateway, plan, price, currency, mrr, subscription_state,
  since_day AS since, expires_day AS expires, renews
FROM subscriptions
