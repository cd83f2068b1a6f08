-- Balances by age, with a row for every bucket, even an empty one. [from_days, to_days) are days past due.
SELECT
  c.tenant_id,
  (c.position - 1) * 5 + b.place AS position,
  c.currency, b.bucket, b.from_days, b.to_days,
  count(o.tenant_id) AS invoices,
  coalesce(sum(o.balance), 0.00) AS balance
FROM currencies c
CROSS JOIN (
  VALUES
    (1, 'not_due', NULL::integer, 1),
    (2, 'days_1_30', 1, 31),
    (3, 'days_31_60', 31, 61),
    (4, 'days_61_90', 61, 91),
    (5, 'days_over_90', 91, NULL)
) AS b(place, bucket, from_days, to_days)
LEFT JOIN open_invoices o
  ON o.tenant_id = c.tenant_id AND o.currency = c.currency AND o.bucket = b.bucket
GROUP BY c.tenant_id, c.position, c.currency, b.place, b.bucket, b.from_days, b.to_days
