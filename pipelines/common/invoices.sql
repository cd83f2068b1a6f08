-- Invoices. The amount is the total of the largest charge. The balance is the amount less the charges that
-- succeeded; a refund does not reopen an invoice. The first attempt has the lowest number. What had been paid
-- by the end of the days that are compared is apart, so that earlier invoices had no more time.
SELECT
  tenant_id, billing_id, invoice_number, currency,
  min(gateway COLLATE "C") AS gateway,
  max(total) AS amount,
  coalesce(sum(total) FILTER (WHERE status = 'succeeded'), 0.00) AS paid,
  coalesce(sum(total) FILTER (WHERE status = 'succeeded' AND is_earlier), 0.00) AS paid_earlier,
  max(total) - coalesce(sum(total) FILTER (WHERE status = 'succeeded'), 0.00) AS balance,
  min(due_day) AS due_day,
  (array_agg(total ORDER BY attempt, created, id))[1] AS first_total,
  (array_agg(status ORDER BY attempt, created, id))[1] AS first_status,
  (array_agg(is_current ORDER BY attempt, created, id))[1] AS is_current,
  (array_agg(is_previous ORDER BY attempt, created, id))[1] AS is_previous,
  bool_or(status = 'succeeded') AS has_succeeded
FROM payments
WHERE kind = 'charge'
GROUP BY tenant_id, billing_id, invoice_number, currency
