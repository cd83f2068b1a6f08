-- Where people came from. NULL: not known.
SELECT
  tenant_id, origin,
  count(*) AS registered,
  count(*) FILTER (WHERE is_confirmed) AS confirmed,
  count(*) FILTER (WHERE NOT is_confirmed) AS unconfirmed
FROM registered
WHERE is_current
GROUP BY tenant_id, origin
