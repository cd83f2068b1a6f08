-- The days on which somebody wrote, by each person's own clock.
SELECT
  NULL::bigint AS tenant_id, (t.created AT TIME ZONE p.time_zone)::date AS day,
  count(*) AS tweets, count(DISTINCT p.tenant_id) AS active
FROM partition p
JOIN people w ON w.tenant_id = p.tenant_id
JOIN tweet t ON t.tenant_id = p.tenant_id AND t.created >= p.starts_at AND t.created < p.cutoff_at
GROUP BY 2
