-- The figures of the period and of the days before, one row per person.
SELECT
  p.tenant_id,
  coalesce(t.tweets, 0) AS tweets,
  coalesce(t.tweets_previous, 0) AS tweets_previous,
  coalesce(t.authors, 0) AS authors,
  coalesce(t.authors_previous, 0) AS authors_previous,
  coalesce(f.followed, 0) AS followed,
  coalesce(f.followed_before, 0) AS followed_before,
  coalesce(r.followers, 0) AS followers,
  coalesce(r.followers_before, 0) AS followers_before,
  coalesce(o.own_tweets, 0) AS own_tweets,
  coalesce(o.own_tweets_previous, 0) AS own_tweets_previous,
  t.latest AS data_cut_off
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS tweets,
    count(*) FILTER (WHERE is_previous) AS tweets_previous,
    count(DISTINCT user_id) FILTER (WHERE is_current) AS authors,
    count(DISTINCT user_id) FILTER (WHERE is_previous) AS authors_previous,
    max(created) FILTER (WHERE is_current) AS latest
  FROM told
  GROUP BY tenant_id
) t ON t.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT q.tenant_id, count(w.user_id) AS followed, count(w.user_id) FILTER (WHERE w.since < q.starts_at) AS followed_before
  FROM partition q
  JOIN people w ON w.tenant_id = q.tenant_id
  GROUP BY q.tenant_id
) f ON f.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT q.tenant_id, count(*) AS followers, count(*) FILTER (WHERE w.since < q.starts_at) AS followers_before
  FROM partition q
  JOIN follower w ON w.tenant_id = q.tenant_id AND w.since < q.cutoff_at
  GROUP BY q.tenant_id
) r ON r.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    q.tenant_id,
    count(*) FILTER (WHERE t.created >= q.starts_at) AS own_tweets,
    count(*) FILTER (WHERE t.created < q.previous_ends_at) AS own_tweets_previous
  FROM partition q
  JOIN tweet t ON t.tenant_id = q.tenant_id AND t.created >= q.previous_starts_at AND t.created < q.cutoff_at
  GROUP BY q.tenant_id
) o ON o.tenant_id = p.tenant_id
