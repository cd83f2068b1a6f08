WITH t AS (
  SELECT
    id, timezone,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e,
    least($3::date - 1, $5::date) AS as_of
  FROM app.tenant
  WHERE slug = $1 AND $2::text IS NOT NULL AND $4::text IS NOT NULL
), invoice AS (
  SELECT
    y.currency::text AS cur,
    max(y.total) - sum(CASE y.status WHEN 'succeeded' THEN y.total ELSE 0 END) AS balance,
    max(t.as_of - (y.due AT TIME ZONE t.timezone)::date) AS late
  FROM t, app.payment y
  WHERE y.tenantid = t.id AND y.created < t.e AND y.kind = 'charge'
  GROUP BY y.billingid, y.invoice_number, y.currency
)
SELECT
  cur AS currency,
  CASE
    WHEN late <= 0 THEN 'not_due'
    WHEN late <= 30 THEN 'days_1_30'
    WHEN late <= 60 THEN 'days_31_60'
    WHEN late <= 90 THEN 'days_61_90'
    ELSE 'days_over_90'
  END AS bucket,
  count(*) AS invoices,
  sum(balance) AS balance
FROM invoice
WHERE balance > 0
GROUP BY 1, 2
ORDER BY 1, 2
