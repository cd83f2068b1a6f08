-- Who is told that the year in review is ready: the people with an active account.
SELECT
  p.tenant_id,
  u.email AS address,
  n.name,
  p.locale,
  u.id AS "user"
FROM partition p
JOIN "user" u ON u.tenantid = p.tenant_id AND u.account_status = 'A' AND u.created < p.cutoff_at
JOIN people n ON n.tenant_id = p.tenant_id AND n.user_id = u.id
