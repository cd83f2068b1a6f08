-- The funnel by the day of the registration: of those who registered on a day, how many confirmed within an
-- hour, within a day, at all, and not yet.
SELECT
  tenant_id, day,
  count(*) AS registered,
  count(*) FILTER (WHERE waited < 3600) AS within_hour,
  count(*) FILTER (WHERE waited < 86400) AS within_day,
  count(*) FILTER (WHERE is_confirmed) AS confirmed,
  count(*) FILTER (WHERE NOT is_confirmed) AS unconfirmed
FROM registered
WHERE is_current
GROUP BY tenant_id, day
