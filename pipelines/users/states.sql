-- Users by confirmation and activity in the period; only combinations that occur.
SELECT
  tenant_id, confirmation, CASE WHEN is_active THEN 'active' ELSE 'inactive' END AS activity,
  count(*) AS users
FROM accounts
GROUP BY tenant_id, confirmation, is_active
