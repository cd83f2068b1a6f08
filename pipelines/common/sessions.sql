-- The period's dojos with their people, recordings and length. The length is the sum of the known lengths, NULL
-- if none is known. The recording shown is the longest one, in a tie the first. None is shown if somebody took
-- part who is not named, or a guest, whose privacy setting is not known here. Why full joins: see dojo_facts.
SELECT
  d.tenant_id, d.id, d.user_id, d.held_at, d.day, d.subject, d.updated,
  a.people, a.participants, a.hidden, a.guests,
  coalesce(r.recordings, 0) AS recordings,
  r.seconds, r.recorded_at,
  CASE WHEN a.hidden + a.guests = 0 THEN r.object_key END AS media_key,
  CASE WHEN a.hidden + a.guests = 0 THEN r.started END AS started,
  CASE WHEN a.hidden + a.guests = 0 THEN r.stopped END AS stopped
FROM (SELECT * FROM dojos WHERE is_current) d
FULL JOIN (
  SELECT
    tenant_id, dojo_id,
    string_agg(person, ', ' ORDER BY person COLLATE "C", user_id) AS people,
    count(*) AS participants,
    count(*) FILTER (WHERE person_is = 'hidden') AS hidden,
    count(*) FILTER (WHERE person_is = 'guest') AS guests
  FROM attendance
  WHERE is_current
  GROUP BY tenant_id, dojo_id
) a ON a.tenant_id = d.tenant_id AND a.dojo_id = d.id
FULL JOIN (
  SELECT
    tenant_id, dojo_id,
    count(*) AS recordings,
    sum(seconds)::bigint AS seconds,
    max(created) AS recorded_at,
    (array_agg(object_key ORDER BY seconds DESC NULLS LAST, started, id))[1] AS object_key,
    (array_agg(started ORDER BY seconds DESC NULLS LAST, started, id))[1] AS started,
    (array_agg(stopped ORDER BY seconds DESC NULLS LAST, started, id))[1] AS stopped
  FROM recordings
  WHERE is_current
  GROUP BY tenant_id, dojo_id
) r ON r.tenant_id = d.tenant_id AND r.dojo_id = d.id
