-- Who gets the bill: the tenant's first active account, which opened it.
SELECT DISTINCT ON (p.tenant_id)
  p.tenant_id,
  u.email AS address,
  n.name,
  p.locale,
  u.id AS "user"
FROM partition p
JOIN "user" u ON u.tenantid = p.tenant_id AND u.account_status = 'A' AND u.created < p.cutoff_at
JOIN people n ON n.tenant_id = p.tenant_id AND n.user_id = u.id
ORDER BY p.tenant_id, u.created, u.id
