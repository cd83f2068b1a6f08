-- Every hour of every day of the week (0 is Monday), in the bot's time zone. Where the clock is set back,
-- an hour counts for both; where it is set forward, the hour that is left out has nothing.
SELECT
  p.tenant_id, w.weekday, h.hour,
  coalesce(s.messages, 0) AS messages,
  coalesce(s.received, 0) AS received,
  coalesce(s.sent, 0) AS sent
FROM partition p
CROSS JOIN generate_series(0, 6) AS w(weekday)
CROSS JOIN generate_series(0, 23) AS h(hour)
LEFT JOIN (
  SELECT
    tenant_id, weekday, hour, count(*) AS messages,
    count(*) FILTER (WHERE direction = 'received') AS received,
    count(*) FILTER (WHERE direction = 'sent') AS sent
  FROM spoken
  WHERE is_current
  GROUP BY tenant_id, weekday, hour
) s ON s.tenant_id = p.tenant_id AND s.weekday = w.weekday AND s.hour = h.hour
