-- What was read, and what was left out and why.
SELECT NULL::bigint AS tenant_id, v.position, v.rule, v.rows, false AS fatal, NULL::text AS example
FROM (
  SELECT
    count(*) AS users,
    count(*) FILTER (WHERE name IS NULL AND followers > 0) AS unlisted
  FROM active
) a
CROSS JOIN LATERAL (
  VALUES (1, 'users_read', a.users), (2, 'users_unlisted', a.unlisted)
) AS v(position, rule, rows)
