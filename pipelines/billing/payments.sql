-- One row per payment of the period. Days are in the tenant's time zone.
SELECT
  tenant_id, created_day AS created, invoice_number, gateway, kind, status, attempt, total, currency,
  due_day AS due, created AS created_at, id
FROM payments
WHERE is_current
