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
), u AS (
  SELECT x.* FROM t, app."user" x WHERE x.tenantid = t.id AND x.created < t.e
), author AS (
  SELECT c.userid FROM t, app.pocuser c
  WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e
), room AS (
  SELECT r.id, r.userid FROM t, app.room r WHERE r.tenantid = t.id AND r.status = 'A'
    AND r.date >= t.s AND r.date < t.e AND r.created < t.e
), sitter AS (
  SELECT userid FROM room
  UNION
  SELECT m.userid FROM app.room_member m WHERE m.roomid IN (SELECT id FROM room)
), writer AS (
  SELECT m.userid FROM t, app.message m WHERE m.tenantid = t.id AND m.message_status = 'A'
    AND m.created >= t.s AND m.created < t.e
)
SELECT
  (SELECT count(*) FROM u) AS users,
  (SELECT count(*) FROM u WHERE created < t.u) AS users_previous,
  (SELECT count(*) FROM u WHERE created >= t.s) AS joined,
  (SELECT count(*) FROM u WHERE created >= t.p AND created < t.u) AS joined_previous,
  (SELECT count(*) FROM u WHERE account_status = 'A') AS confirmed,
  (SELECT count(*) FROM u WHERE account_status = 'C') AS unconfirmed,
  (SELECT count(*) FROM u WHERE id IN (SELECT userid FROM author)) AS authors,
  (SELECT count(*) FROM u WHERE id IN (SELECT userid FROM sitter)) AS participants,
  (SELECT count(*) FROM u WHERE id IN (SELECT userid FROM writer)) AS writers,
  (SELECT count(*) FROM u WHERE id IN (SELECT userid FROM author)
    OR id IN (SELECT userid FROM sitter) OR id IN (SELECT userid FROM writer)) AS active,
  (SELECT count(*) FROM u WHERE id NOT IN (SELECT userid FROM author)
    AND id NOT IN (SELECT userid FROM sitter) AND id NOT IN (SELECT userid FROM writer)) AS inactive
FROM t
