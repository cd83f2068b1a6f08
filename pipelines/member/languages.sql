-- The languages of each person's POCs, NULL where none was given.
SELECT c.tenant_id, s.user_id, c.language, count(*) AS pocs
FROM poc_facts c
JOIN sharers s ON s.tenant_id = c.tenant_id AND s.user_id = c.user_id
WHERE c.is_current
GROUP BY c.tenant_id, s.user_id, c.language
