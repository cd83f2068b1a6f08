-- Accounts with a state, a privacy setting or a day that is not known, one row per tenant. An example does
-- not name the account.
SELECT
  p.tenant_id,
  count(*) FILTER (WHERE u.account_status NOT IN ('C', 'A')) AS unknown_confirmation,
  min(format(' %s', u.account_status) COLLATE "C") FILTER (WHERE u.account_status NOT IN ('C', 'A'))
    AS confirmation_example,
  count(*) FILTER (WHERE u.privacy NOT IN ('names', 'initials', 'none')) AS unknown_privacy,
  min(format(' %s', u.privacy) COLLATE "C") FILTER (WHERE u.privacy NOT IN ('names', 'initials', 'none'))
    AS privacy_example,
  count(*) FILTER (WHERE u.created < p.known_from OR u.created >= p.known_until) AS of_unknown_day
FROM partition p
LEFT JOIN "user" u ON u.tenantid = p.tenant_id AND (u.created < p.cutoff_at OR u.created >= p.known_until)
GROUP BY p.tenant_id
