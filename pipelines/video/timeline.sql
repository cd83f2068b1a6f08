-- What the film shows, in chronological order.
SELECT
  c.tenant_id, c.created AS at, 'poc' AS kind, c.id, c.day, c.name AS title, c.language AS subtitle,
  c.language, c.description, c.author AS people,
  (c.author_is IS NOT DISTINCT FROM 'hidden')::integer::bigint AS hidden,
  (c.author_is IS NOT DISTINCT FROM 'guest')::integer::bigint AS guests,
  c.tags, s.media_key, c.favorite,
  NULL::bigint AS seconds, NULL::timestamptz AS started, NULL::timestamptz AS stopped,
  0::bigint AS recordings
FROM pocs c
LEFT JOIN screenshots s ON s.tenant_id = c.tenant_id AND s.id = c.id
WHERE c.is_current
UNION ALL
SELECT
  d.tenant_id, d.held_at, 'dojo', d.id, d.day, d.subject, NULL, NULL, NULL, d.people, d.hidden,
  d.guests, NULL, d.media_key, false, d.seconds, d.started, d.stopped, d.recordings
FROM sessions d
