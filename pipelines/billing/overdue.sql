-- Invoices past due on the day of the report. billing_id is NULL if the subscription is another tenant's.
SELECT
  o.tenant_id, b.id AS billing_id, o.due_day AS due, o.invoice_number, o.gateway, o.currency, o.amount,
  o.paid, o.balance, o.days_late, o.bucket
FROM open_invoices o
LEFT JOIN billing b ON b.tenantid = o.tenant_id AND b.id = o.billing_id
WHERE o.bucket <> 'not_due'
