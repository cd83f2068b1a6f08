-- Balances by age, one row per currency and bucket, even an empty one.
SELECT
  NULL::uuid AS tenant_id, currency, (position - 1) % 5 + 1 AS place, bucket, from_days, to_days,
  sum(invoices)::bigint AS invoices,
  sum(balance) AS balance
FROM billing_ageing
JOIN sound USING (tenant_id)
GROUP BY currency, (position - 1) % 5, bucket, from_days, to_days
