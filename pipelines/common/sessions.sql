-- A dojo with its people, its recordings and its length: the sum of the lengths that are known, NULL
-- where none is. The recording shown is the longest, then the first; none where somebody took part who
-- is not to be shown or whose wish is not known here (a guest).
SELECT
  d.tenant_id, d.id, d.user_id, d.held_at, d.day, d.is_current, d.subject, d.updated,
  a.people, a.participants, a.hidden, a.guests,
  coalesce(r.recordings, 0) AS recordings,
  r.seconds, r.recorded_at,
  CASE WHEN a.hidden + a.guests = 0 THEN r.object_key END AS media_key,
  CASE WHEN a.hidden + a.guests = 0 THEN r.started END AS started,
  CASE WHEN a.hidden + a.guests = 0 THEN r.stopped END AS stopped
FROM dojos d
JOIN (
  SELECT
    tenant_id, dojo_id,
    string_agg(person, ', ' ORDER BY person COLLATE "C", user_id) AS people,
    count(*) AS participants,
    count(*) FILTER (WHERE person_is = 'hidden') AS hidden,
    count(*) FILTER (WHERE person_is = 'guest') AS guests
  FROM attendance
  GROUP BY tenant_id, dojo_id
) a ON a.tenant_id = d.tenant_id AND a.dojo_id = d.id
LEFT JOIN (
  SELECT
    tenant_id, dojo_id,
    count(*) AS recordings,
    sum(seconds)::bigint AS seconds,
    max(created) AS recorded_at,
    (array_agg(object_key ORDER BY seconds DESC NULLS LAST, started, id))[1] AS object_key,
    (array_agg(started ORDER BY seconds DESC NULLS LAST, started, id))[1] AS started,
    (array_agg(stopped ORDER BY seconds DESC NULLS LAST, started, id))[1] AS stopped
  FROM recordings
  GROUP BY tenant_id, dojo_id
) r ON r.tenant_id = d.tenant_id AND r.dojo_id = d.id
