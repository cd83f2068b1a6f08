SELECT
  s.tenant_id, s.held_at, s.id, s.day, s.subject, s.people, s.hidden, s.guests, s.participants,
  s.seconds, s.recordings > 0 AS recorded, s.recordings,
  w.name AS opened_by,
  CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS opened_by_is
FROM sessions s
LEFT JOIN people w ON w.tenant_id = s.tenant_id AND w.user_id = s.user_id
