-- What the remarkable days rest on: the activity that a day is about, or all activities of its day; of a run of
-- days, those of all its days; of a pause, also those of the day before it.
SELECT
  r.tenant_id,
  row_number() OVER (PARTITION BY r.tenant_id ORDER BY r.day, r.place, a.at, a.kind, a.id) AS position,
  r.rule, a.day, a.at, a.kind, coalesce(c.name, d.subject) AS title, a.id
FROM remarkable r
JOIN activity a ON a.tenant_id = r.tenant_id
  AND CASE r.rule
    WHEN 'first' THEN a.kind = r.kind AND a.id = r.id
    WHEN 'together' THEN a.kind = r.kind AND a.id = r.id
    WHEN 'streak' THEN a.day BETWEEN r.since AND r.day
    WHEN 'comeback' THEN a.day IN (r.since, r.day)
    ELSE a.day = r.day
  END
LEFT JOIN pocs c ON c.tenant_id = a.tenant_id AND c.id = a.id AND a.kind = 'poc' AND c.is_current
LEFT JOIN dojos d ON d.tenant_id = a.tenant_id AND d.id = a.id AND a.kind = 'dojo' AND d.is_current
