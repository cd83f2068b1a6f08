-- Data quality of the period's dojos, one row per tenant.
SELECT
  p.tenant_id,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.without_recording, 0) AS without_recording,
  coalesce(d.of_unknown_length, 0) AS of_unknown_length,
  coalesce(d.guests, 0) AS guests,
  coalesce(d.hidden, 0) AS hidden,
  coalesce(d.not_shown, 0) AS not_shown,
  coalesce(o.inactive, 0) AS inactive,
  coalesce(o.unknown_status, 0) AS unknown_status,
  o.status_example,
  coalesce(u.of_unknown_day, 0) AS of_unknown_day,
  coalesce(r.recordings, 0) AS recordings,
  coalesce(r.without_end, 0) AS without_end,
  coalesce(r.end_before_start, 0) AS end_before_start,
  coalesce(r.without_start, 0) AS without_start,
  coalesce(r.alike, 0) AS alike,
  coalesce(f.foreign_room, 0) AS foreign_room
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) AS dojos,
    count(*) FILTER (WHERE recordings = 0) AS without_recording,
    count(*) FILTER (WHERE recordings > 0 AND seconds IS NULL) AS of_unknown_length,
    sum(guests)::bigint AS guests,
    sum(hidden)::bigint AS hidden,
    count(*) FILTER (WHERE recordings > 0 AND media_key IS NULL) AS not_shown
  FROM sessions
  GROUP BY tenant_id
) d ON d.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    p.tenant_id,
    count(*) FILTER (WHERE r.status = 'I') AS inactive,
    count(*) FILTER (WHERE r.status NOT IN ('A', 'I')) AS unknown_status,
    min(format('%s %s', r.id, r.status) COLLATE "C") FILTER (WHERE r.status NOT IN ('A', 'I'))
      AS status_example
  FROM partition p
  JOIN room r ON r.tenantid = p.tenant_id
    AND r.date >= p.starts_at AND r.date < p.cutoff_at AND r.created < p.cutoff_at
  GROUP BY p.tenant_id
) o ON o.tenant_id = p.tenant_id
LEFT JOIN (
  -- They belong to no period.
  SELECT p.tenant_id, count(*) AS of_unknown_day
  FROM partition p
  JOIN room r ON r.tenantid = p.tenant_id AND (r.date < p.known_from OR r.date >= p.known_until)
  GROUP BY p.tenant_id
) u ON u.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) AS recordings,
    count(*) FILTER (WHERE stopped IS NULL) AS without_end,
    count(*) FILTER (WHERE stopped < started) AS end_before_start,
    count(*) FILTER (WHERE started IS NULL) AS without_start,
    count(*) - count(DISTINCT format('%s %s', dojo_id, object_key)) AS alike
  FROM recordings
  WHERE is_current
  GROUP BY tenant_id
) r ON r.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT p.tenant_id, count(*) AS foreign_room
  FROM partition p
  JOIN dojo_recording r ON r.tenantid = p.tenant_id
    AND r.started >= p.starts_at AND r.started < p.cutoff_at AND r.created < p.cutoff_at
  WHERE NOT EXISTS (SELECT FROM room o WHERE o.tenantid = p.tenant_id AND o.id = r.roomid)
  GROUP BY p.tenant_id
) f ON f.tenant_id = p.tenant_id
