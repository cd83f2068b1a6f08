SELECT
  s.tenant_id, s.held_at, s.id, s.subject, s.people, s.hidden, s.guests, s.participants,
  s.seconds, s.recordings, coalesce(m.messages, 0) AS messages,
  w.name AS opened_by,
  CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS opened_by_is
FROM sessions s
LEFT JOIN people w ON w.tenant_id = s.tenant_id AND w.user_id = s.user_id
LEFT JOIN (
  SELECT tenant_id, dojo_id, sum(messages)::bigint AS messages
  FROM messages
  GROUP BY tenant_id, dojo_id
) m ON m.tenant_id = s.tenant_id AND m.dojo_id = s.id
