-- What was read, what is missing, and what was left out and why. A fatal rule must have no rows. An example
-- is the value that does not fit; it does not name the account.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, v.example
  FROM partition p
  JOIN account_quality n ON n.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) AS users,
      count(*) FILTER (WHERE name IS NULL) AS hidden,
      count(*) FILTER (WHERE is_active AND confirmation = 'C') AS active_unconfirmed
    FROM accounts
    GROUP BY tenant_id
  ) a ON a.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT e.tenant_id, count(DISTINCT e.user_id) AS guests
    FROM (
      SELECT tenant_id, user_id FROM poc_facts WHERE is_current
      UNION
      SELECT tenant_id, user_id FROM dojo_people WHERE is_current
    ) e
    LEFT JOIN "user" u ON u.tenantid = e.tenant_id AND u.id = e.user_id
    WHERE u.id IS NULL
    GROUP BY e.tenant_id
  ) g ON g.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'users_read', coalesce(a.users, 0), false, NULL),
      (2, 'users_hidden', coalesce(a.hidden, 0), false, NULL),
      (3, 'users_active_unconfirmed', coalesce(a.active_unconfirmed, 0), false, NULL),
      (4, 'guests_left_out', coalesce(g.guests, 0), false, NULL),
      (5, 'users_of_unknown_day', n.of_unknown_day, false, NULL),
      (6, 'unknown_confirmation', n.unknown_confirmation, true, n.confirmation_example),
      (7, 'unknown_privacy', n.unknown_privacy, true, n.privacy_example)
  ) AS v(position, rule, rows, fatal, example)
) q
