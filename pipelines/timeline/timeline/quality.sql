-- What was read, and what was left out and why. A fatal rule must have no rows.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, NULL::text AS example
  FROM partition p
  LEFT JOIN (
    SELECT tenant_id, count(*) FILTER (WHERE is_current) AS tweets,
      count(DISTINCT user_id) FILTER (WHERE is_current AND name IS NULL) AS hidden
    FROM told
    GROUP BY tenant_id
  ) t ON t.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT q.tenant_id, count(*) AS of_unknown_day
    FROM partition q
    JOIN followed_tweet u ON u.tenant_id = q.tenant_id AND (u.created < q.known_from OR u.created IS NULL)
    GROUP BY q.tenant_id
  ) u ON u.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'tweets_read', coalesce(t.tweets, 0), false),
      (2, 'authors_hidden', coalesce(t.hidden, 0), false),
      (3, 'tweets_of_unknown_day', coalesce(u.of_unknown_day, 0), false)
  ) AS v(position, rule, rows, fatal)
) q
