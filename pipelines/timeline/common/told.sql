-- What those wrote whom a person follows, in the period and in the days before that it is compared with.
SELECT
  p.tenant_id, t.id, w.user_id, w.name, t.created, t.text,
  (t.created AT TIME ZONE p.time_zone)::date AS day,
  t.created >= p.starts_at AS is_current,
  t.created < p.previous_ends_at AS is_previous
FROM partition p
JOIN followed_tweet t ON t.tenant_id = p.tenant_id
  AND t.created >= p.previous_starts_at AND t.created < p.cutoff_at
JOIN people w ON w.tenant_id = p.tenant_id AND w.user_id = t.account
