-- Who registered in the last seven days and has not confirmed. Older ones are left alone, so that nobody is asked years
-- later when the mails are switched on. The month does not matter: who registered in its last minute is asked in the next.
SELECT
  p.tenant_id,
  c.email AS address,
  c.name,
  coalesce(c.locale, p.locale) AS locale,
  c.id AS "user",
  c.confirm_link
FROM partition p
JOIN contact c ON c.created >= p.cutoff_at - interval '7 days' AND c.created < p.cutoff_at
WHERE c.confirmed_at < p.cutoff_at IS NOT TRUE
