-- The figures of the period and of the days before, of all active people together.
SELECT
  NULL::bigint AS tenant_id,
  count(*) AS users,
  count(*) FILTER (WHERE was_there) AS users_before,
  count(*) FILTER (WHERE is_new) AS joined,
  count(*) FILTER (WHERE was_new) AS joined_previous,
  coalesce(sum(tweets), 0)::bigint AS tweets,
  coalesce(sum(tweets_previous), 0)::bigint AS tweets_previous,
  count(*) FILTER (WHERE tweets > 0) AS active,
  count(*) FILTER (WHERE tweets_previous > 0) AS active_previous,
  coalesce(sum(followers_new), 0)::bigint AS follows_new,
  max(latest) AS data_cut_off
FROM active
