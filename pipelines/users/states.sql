-- Users by confirmation and presence, as they are now; combinations that occur.
SELECT
  tenant_id, confirmation, presence, count(*) AS users, count(*) FILTER (WHERE is_active) AS active
FROM accounts
GROUP BY tenant_id, confirmation, presence
