-- The people who asked for a report of their own: only those who are named, and only where the platform has the
-- column. Without it, `share` is that of `never`, and nobody has asked.
SELECT w.tenant_id, w.user_id, w.name, asked.joined
FROM people w
CROSS JOIN (VALUES ('N')) AS never(share)
CROSS JOIN LATERAL (
  SELECT share, u.created AS joined FROM "user" u WHERE u.tenantid = w.tenant_id AND u.id = w.user_id
) AS asked
WHERE w.is_named AND w.name IS NOT NULL AND asked.share = 'Y'
