-- Who registered or confirmed in the last seven days, as a CRM keeps them. A person is told when they register and when they
-- have confirmed: the status is in the key.
SELECT
  p.tenant_id,
  c.email AS address,
  c.name,
  coalesce(c.locale, p.locale) AS locale,
  c.id AS "user",
  c.origin,
  CASE WHEN c.confirmed_at < p.cutoff_at THEN 'confirmed' ELSE 'registered' END AS status,
  to_char(c.created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS registered_at,
  CASE WHEN c.confirmed_at < p.cutoff_at
    THEN to_char(c.confirmed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END AS confirmed_at
FROM partition p
JOIN contact c ON c.created < p.cutoff_at
  AND (c.created >= p.cutoff_at - interval '7 days'
    OR c.confirmed_at >= p.cutoff_at - interval '7 days' AND c.confirmed_at < p.cutoff_at)
