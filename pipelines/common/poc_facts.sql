-- The POCs of this period, and of the days before that it is compared with, in few columns, for queries
-- that only count them.
SELECT
  p.tenant_id,
  c.id,
  c.userid AS user_id,
  c.created,
  (c.created AT TIME ZONE p.time_zone)::date AS day,
  c.created >= p.starts_at AS is_current,
  nullif(btrim(c.language), '') AS language,
  c.favorite = 'Y' AS favorite,
  CASE WHEN c.updated < p.known_until THEN c.updated END AS updated
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
  AND (c.created >= p.starts_at OR c.created < p.previous_ends_at)
