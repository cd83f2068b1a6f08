-- Who is told that their own year is ready: who asked, with an active account. Who did nothing in the period has no
-- year, and gets no message.
SELECT p.tenant_id, u.email AS address, s.name, p.locale, s.user_id AS "user"
FROM partition p
JOIN "user" u ON u.tenantid = p.tenant_id AND u.account_status = 'A' AND u.created < p.cutoff_at
JOIN sharers s ON s.tenant_id = p.tenant_id AND s.user_id = u.id
