-- Each person's own POCs.
SELECT c.tenant_id, s.user_id, c.created, c.id, c.day, c.name, c.language, c.favorite
FROM pocs c
JOIN sharers s ON s.tenant_id = c.tenant_id AND s.user_id = c.user_id
WHERE c.is_current
