-- The dojos of this period that were held before the cut-off, and of the days before that it is compared
-- with. Inactive rooms do not count.
SELECT
  p.tenant_id,
  r.id,
  r.userid AS user_id,
  r.date AS held_at,
  (r.date AT TIME ZONE p.time_zone)::date AS day,
  r.date >= p.starts_at AS is_current,
  r.name AS subject,
  CASE WHEN r.updated < p.known_until THEN r.updated END AS updated
FROM partition p
JOIN room r ON r.tenantid = p.tenant_id
  AND r.date >= p.previous_starts_at AND r.date < p.cutoff_at AND r.created < p.cutoff_at
  AND (r.date >= p.starts_at OR r.date < p.previous_ends_at)
WHERE r.status = 'A'
