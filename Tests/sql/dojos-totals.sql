WITH t AS (
  SELECT
    id,
    $4::timestamp AT TIME ZONE timezone AS p,
    -- The end of the same days of the period before; of all of them, if the period is over.
    CASE WHEN $5::date >= $3::date - 1 THEN $2::timestamp
      ELSE $5::timestamp - age($2::timestamp, $4::timestamp) + interval '1 day'
    END AT TIME ZONE timezone AS u,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1
), now_held AS (
  SELECT r.* FROM t, app.room r WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.s
    AND r.date < t.e AND r.created < t.e
), then_held AS (
  SELECT r.* FROM t, app.room r WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.p
    AND r.date < t.u AND r.date < t.e AND r.created < t.e
), who AS (
  SELECT id AS room, userid FROM now_held
  UNION
  SELECT m.roomid, m.userid FROM app.room_member m WHERE m.roomid IN (SELECT id FROM now_held)
)
SELECT
  (SELECT count(*) FROM now_held) AS dojos,
  (SELECT count(*) FROM then_held) AS dojos_previous,
  (SELECT count(*) FROM who) AS attendances,
  (SELECT count(DISTINCT userid) FROM who) AS participants,
  (SELECT count(*) FROM app.dojo_recording x WHERE x.tenantid = t.id AND x.created < t.e
    AND x.roomid IN (SELECT id FROM now_held)) AS recordings,
  (SELECT count(DISTINCT x.roomid) FROM app.dojo_recording x WHERE x.tenantid = t.id
    AND x.created < t.e AND x.roomid IN (SELECT id FROM now_held)) AS recorded_dojos,
  (SELECT count(DISTINCT x.roomid) FROM app.dojo_recording x WHERE x.tenantid = t.id
    AND x.created < t.e AND x.stopped >= x.started AND x.roomid IN (SELECT id FROM now_held))
    AS timed_dojos,
  CASE WHEN NOT EXISTS (SELECT FROM now_held) THEN 0
    ELSE (SELECT sum(floor(extract(epoch FROM x.stopped) - extract(epoch FROM x.started)))::bigint
      FROM app.dojo_recording x WHERE x.tenantid = t.id AND x.created < t.e
      AND x.stopped >= x.started AND x.roomid IN (SELECT id FROM now_held)) END AS dojo_seconds,
  (SELECT count(*) FROM app.message m WHERE m.tenantid = t.id AND m.created < t.e
    AND m.message_status = 'A' AND m.roomid IN (SELECT id FROM now_held)) AS messages,
  (SELECT count(*) FROM app.message m WHERE m.tenantid = t.id AND m.created < t.u
    AND m.message_status = 'A' AND m.roomid IN (SELECT id FROM then_held)) AS messages_previous
FROM t
