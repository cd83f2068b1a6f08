-- The twenty-four hours of the day.
SELECT
  p.tenant_id, h.hour, coalesce(r.registered, 0) AS registered
FROM partition p
CROSS JOIN generate_series(0, 23) AS h(hour)
LEFT JOIN (
  SELECT tenant_id, hour, count(*) AS registered
  FROM registered
  WHERE is_current
  GROUP BY tenant_id, hour
) r ON r.tenant_id = p.tenant_id AND r.hour = h.hour
