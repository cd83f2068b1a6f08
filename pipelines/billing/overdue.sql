-- Invoices past due on the day of the report.
SELECT
  tenant_id, billing_id, due_day AS due, invoice_number, gateway, currency, amount, paid, balance, days_late,
  bucket
FROM open_invoices
WHERE bucket <> 'not_due'
