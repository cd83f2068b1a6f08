-- Every account at the cut-off, with what it did in the period and in the days before, by the person's own clock.
SELECT
  p.tenant_id, w.user_id, w.name,
  w.created >= p.starts_at AS is_new,
  w.created >= p.previous_starts_at AND w.created < p.previous_ends_at AS was_new,
  w.created < p.starts_at AS was_there,
  coalesce(t.tweets, 0) AS tweets,
  coalesce(t.tweets_previous, 0) AS tweets_previous,
  coalesce(f.followers, 0) AS followers,
  coalesce(f.followers_new, 0) AS followers_new,
  greatest(t.latest, w.created) AS latest
FROM partition p
JOIN people w ON w.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    q.tenant_id,
    count(*) FILTER (WHERE t.created >= q.starts_at) AS tweets,
    count(*) FILTER (WHERE t.created < q.previous_ends_at) AS tweets_previous,
    max(t.created) FILTER (WHERE t.created >= q.starts_at) AS latest
  FROM partition q
  JOIN tweet t ON t.tenant_id = q.tenant_id AND t.created >= q.previous_starts_at AND t.created < q.cutoff_at
  GROUP BY q.tenant_id
) t ON t.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT q.tenant_id, count(*) AS followers, count(*) FILTER (WHERE f.since >= q.starts_at) AS followers_new
  FROM partition q
  JOIN follower f ON f.tenant_id = q.tenant_id AND f.since < q.cutoff_at
  GROUP BY q.tenant_id
) f ON f.tenant_id = p.tenant_id
