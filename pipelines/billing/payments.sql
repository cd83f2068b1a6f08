-- A line a payment of the period. Days are the tenant's own.
SELECT
  tenant_id, created_day AS created, invoice_number, gateway, kind, status, attempt, total, currency,
  due_day AS due, created AS created_at, id
FROM payments
WHERE is_current
