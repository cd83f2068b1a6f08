-- Balances by age, every bucket, one row a currency and bucket.
SELECT
  NULL::uuid AS tenant_id, currency, bucket, from_days, to_days, sum(invoices)::bigint AS invoices,
  sum(balance) AS balance
FROM billing_ageing
JOIN sound USING (tenant_id)
GROUP BY currency, bucket, from_days, to_days
