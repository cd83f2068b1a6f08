-- A line a payment of the period.
SELECT
  tenant_id, created, id, invoice_number, gateway, kind, status, attempt, total, currency, due
FROM payments
WHERE is_current
