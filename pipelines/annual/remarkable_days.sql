-- The remarkable days in the order of the calendar, with the name of the POC or dojo that a day is about.
SELECT
  r.tenant_id,
  row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.day, r.place) AS position,
  r.rule, r.since, r.day, coalesce(c.name, d.subject) AS title, r.amount
FROM remarkable r
LEFT JOIN pocs c ON c.tenant_id = r.tenant_id AND c.id = r.id AND r.kind = 'poc' AND c.is_current
LEFT JOIN dojos d ON d.tenant_id = r.tenant_id AND d.id = r.id AND r.kind = 'dojo' AND d.is_current
