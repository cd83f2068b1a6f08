WITH t AS (
  SELECT
    id, timezone,
    $4::timestamp AT TIME ZONE timezone AS p,
    -- The end of the same days of the period before; of all of them, if the period is over.
    CASE WHEN $5::date >= $3::date - 1 THEN $2::timestamp
      ELSE $5::timestamp - age($2::timestamp, $4::timestamp) + interval '1 day'
    END AT TIME ZONE timezone AS u,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1
)
SELECT
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e)
    AS pocs,
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created >= t.p AND c.created < t.u
    AND c.created < t.e) AS pocs_previous,
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e
    AND c.favorite = 'Y') AS favorites,
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created >= t.p AND c.created < t.u
    AND c.created < t.e AND c.favorite = 'Y') AS favorites_previous,
  (SELECT count(*) FROM (
    SELECT DISTINCT trim(c.language) FROM app.pocuser c
    WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e AND trim(c.language) <> '') x)
    AS languages,
  (SELECT count(*) FROM (
    SELECT DISTINCT trim(u.tag)
    FROM app.pocuser c, regexp_split_to_table(c.tags, ',') AS u(tag)
    WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e AND trim(u.tag) <> '') x) AS tags,
  (SELECT count(*) FROM app."user" u WHERE u.tenantid = t.id AND (
    u.id IN (SELECT c.userid FROM app.pocuser c
      WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e)
    OR u.id IN (SELECT r.userid FROM app.room r
      WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.s AND r.date < t.e AND r.created < t.e)
    OR u.id IN (SELECT m.userid FROM app.room r, app.room_member m
      WHERE m.roomid = r.id AND r.tenantid = t.id AND r.status = 'A'
        AND r.date >= t.s AND r.date < t.e AND r.created < t.e))) AS members,
  (SELECT count(DISTINCT c.userid) FROM app.pocuser c
    WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e) AS authors,
  (SELECT count(*) FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
    AND r.date >= t.s AND r.date < t.e AND r.created < t.e) AS dojos,
  (SELECT count(*) FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
    AND r.date >= t.p AND r.date < t.u AND r.date < t.e AND r.created < t.e) AS dojos_previous,
  (SELECT CASE WHEN count(*) = 0 THEN 0
      ELSE sum(extract(epoch FROM date_trunc('second', d.stopped - d.started)))::bigint END
    FROM app.room r LEFT JOIN app.dojo_recording d
      ON d.roomid = r.id AND d.tenantid = t.id AND d.created < t.e AND d.stopped >= d.started
    WHERE r.tenantid = t.id AND r.status = 'A'
      AND r.date >= t.s AND r.date < t.e AND r.created < t.e) AS dojo_seconds,
  (SELECT count(*) FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
    AND r.date >= t.s AND r.date < t.e AND r.created < t.e
    AND EXISTS (SELECT FROM app.dojo_recording d
      WHERE d.roomid = r.id AND d.tenantid = t.id AND d.created < t.e)) AS recorded_dojos,
  (SELECT count(*) FROM app."user" u WHERE
    u.id IN (SELECT r.userid FROM app.room r
      WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.s AND r.date < t.e AND r.created < t.e)
    OR u.id IN (SELECT m.userid FROM app.room r, app.room_member m
      WHERE m.roomid = r.id AND r.tenantid = t.id AND r.status = 'A'
        AND r.date >= t.s AND r.date < t.e AND r.created < t.e)) AS participants,
  (SELECT count(*) FROM app.room r, app."user" u
    WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.s AND r.date < t.e AND r.created < t.e
      AND (r.userid = u.id
        OR EXISTS (SELECT FROM app.room_member m WHERE m.roomid = r.id AND m.userid = u.id)))
    AS attendances,
  (SELECT count(*) FROM generate_series($2::date, $3::date - 1, '1 day') AS g(day)
    WHERE EXISTS (SELECT FROM app.pocuser c WHERE c.tenantid = t.id AND c.created < t.e
        AND (c.created AT TIME ZONE t.timezone)::date = g.day)
      OR EXISTS (SELECT FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
        AND r.date < t.e AND r.created < t.e AND (r.date AT TIME ZONE t.timezone)::date = g.day))
    AS active_days
FROM t
