-- Accounts with a state or a privacy setting that is not known, one row per tenant.
SELECT
  p.tenant_id,
  count(*) FILTER (WHERE u.account_status NOT IN ('C', 'A')) AS unknown_confirmation,
  count(*) FILTER (WHERE u.privacy NOT IN ('names', 'initials', 'none')) AS unknown_privacy
FROM partition p
LEFT JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
GROUP BY p.tenant_id
