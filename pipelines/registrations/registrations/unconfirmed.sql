-- What is still unconfirmed at the cut-off, whenever the person registered, by the registration's age on the day of
-- the report. All classes are there.
SELECT
  p.tenant_id, b.position, b.bucket,
  count(r.id) AS people,
  count(r.id) FILTER (WHERE r.is_current) AS people_of_period,
  min(r.day) AS oldest
FROM partition p
CROSS JOIN (
  VALUES
    (1, 'today', -1, 0), (2, 'to_2d', 0, 2), (3, 'to_7d', 2, 7), (4, 'to_30d', 7, 30), (5, 'longer', 30, NULL)
) AS b(position, bucket, after_days, to_days)
LEFT JOIN registered r ON r.tenant_id = p.tenant_id AND NOT r.is_confirmed
  AND p.as_of - r.day > b.after_days AND (b.to_days IS NULL OR p.as_of - r.day <= b.to_days)
GROUP BY p.tenant_id, b.position, b.bucket
