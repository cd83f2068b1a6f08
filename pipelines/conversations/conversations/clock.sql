-- The twenty-four hours of the day.
SELECT
  p.tenant_id, h.hour,
  coalesce(s.received, 0) AS received,
  coalesce(s.sent, 0) AS sent
FROM partition p
CROSS JOIN generate_series(0, 23) AS h(hour)
LEFT JOIN (
  SELECT
    tenant_id, hour,
    count(*) FILTER (WHERE direction = 'received') AS received,
    count(*) FILTER (WHERE direction = 'sent') AS sent
  FROM spoken
  WHERE is_current
  GROUP BY tenant_id, hour
) s ON s.tenant_id = p.tenant_id AND s.hour = h.hour
