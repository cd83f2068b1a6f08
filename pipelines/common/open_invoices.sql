-- Invoices with a balance, and how many days late they are on the day of the report. Buckets are half-open:
-- they neither overlap nor leave a gap. An invoice without a due day is not late.
SELECT
  i.*,
  p.as_of - i.due_day AS days_late,
  CASE
    WHEN i.due_day IS NULL THEN 'not_due'
    WHEN p.as_of - i.due_day < 1 THEN 'not_due'
    WHEN p.as_of - i.due_day < 31 THEN 'days_1_30'
    WHEN p.as_of - i.due_day < 61 THEN 'days_31_60'
    WHEN p.as_of - i.due_day < 91 THEN 'days_61_90'
    ELSE 'days_over_90'
  END AS bucket
FROM partition p
JOIN invoices i ON i.tenant_id = p.tenant_id
WHERE i.balance > 0
