-- The twelve months up to the end of the period: who joined, how many people there were at the end of each, and
-- what they wrote.
SELECT
  NULL::bigint AS tenant_id, m.month, sum(m.joined)::bigint AS joined, sum(m.users)::bigint AS users,
  sum(m.tweets)::bigint AS tweets
FROM (
  SELECT
    s.month::date AS month,
    count(w.user_id) FILTER (WHERE w.created >= s.month AT TIME ZONE p.time_zone) AS joined,
    count(w.user_id) AS users,
    0::bigint AS tweets
  FROM partition p
  CROSS JOIN LATERAL generate_series(
    date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
    date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
    interval '1 month') AS s(month)
  LEFT JOIN people w ON w.tenant_id = p.tenant_id
    AND w.created < (s.month + interval '1 month') AT TIME ZONE p.time_zone
  GROUP BY s.month
  UNION ALL
  SELECT s.month::date, 0, 0, count(t.id)
  FROM partition p
  CROSS JOIN LATERAL generate_series(
    date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
    date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
    interval '1 month') AS s(month)
  LEFT JOIN people w ON w.tenant_id = p.tenant_id
  LEFT JOIN tweet t ON t.tenant_id = w.tenant_id AND t.created < p.cutoff_at
    AND t.created >= s.month AT TIME ZONE p.time_zone
    AND t.created < (s.month + interval '1 month') AT TIME ZONE p.time_zone
  GROUP BY s.month
) m
GROUP BY m.month
