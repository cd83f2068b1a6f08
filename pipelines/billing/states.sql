-- The period's payments by kind and outcome.
SELECT tenant_id, currency, kind, status, count(*) AS payments, sum(total) AS total
FROM payments
WHERE is_current
GROUP BY tenant_id, currency, kind, status
