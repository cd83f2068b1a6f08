WITH t AS (
  SELECT
    id, timezone,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
), poc AS (
  SELECT c.*, (c.created AT TIME ZONE t.timezone)::date AS day
  FROM t, app.pocuser c WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e
), dojo AS (
  SELECT r.*, (r.date AT TIME ZONE t.timezone)::date AS day,
    (SELECT sum(extract(epoch FROM date_trunc('second', d.stopped - d.started)))::bigint
      FROM app.dojo_recording d WHERE d.roomid = r.id AND d.tenantid = t.id AND d.created < t.e
        AND d.stopped >= d.started) AS seconds,
    (SELECT count(*) FROM app."user" u WHERE u.id = r.userid
      OR EXISTS (SELECT FROM app.room_member m WHERE m.roomid = r.id AND m.userid = u.id)) AS people
  FROM t, app.room r WHERE r.tenantid = t.id AND r.status = 'A' AND r.date >= t.s AND r.date < t.e
    AND r.created < t.e
), author AS (
  SELECT u.id, u.privacy, u.firstname, u.lastname, count(*) AS pocs, min(p.day) AS day,
    u.tenantid = min(p.tenantid::text)::uuid AND u.privacy <> 'none' AS is_shown
  FROM poc p JOIN app."user" u ON u.id = p.userid
  GROUP BY u.id
), by_month AS (
  SELECT to_char(day, 'YYYY-MM-01')::date AS month, count(*) AS n FROM poc GROUP BY 1
)
-- Nobody is called the first who is not alone: no other has as much.
(SELECT 'busiest_month' AS rule, month AS day, NULL AS title, n AS amount FROM by_month a
  WHERE n > 1 AND NOT EXISTS (SELECT FROM by_month b WHERE b.month <> a.month AND b.n >= a.n))
UNION ALL
(SELECT 'longest_dojo', day, name, seconds / 60 FROM dojo a
  WHERE seconds >= 60 AND NOT EXISTS (SELECT FROM dojo b WHERE b.id <> a.id AND b.seconds >= a.seconds))
UNION ALL
(SELECT 'largest_dojo', day, name, people FROM dojo a
  WHERE people > 1 AND NOT EXISTS (SELECT FROM dojo b WHERE b.id <> a.id AND b.people >= a.people))
UNION ALL
(SELECT 'top_author', day,
    CASE privacy
      WHEN 'names' THEN regexp_replace(firstname || ' ' || lastname, '^[ -]+|[ -]+$', '', 'g')
      -- Of somebody with a first and a last name.
      -- A name of one letter would be told in full.
      ELSE nullif(concat_ws(' ', CASE WHEN length(firstname) > 1 THEN left(firstname, 1) || '.' END,
        CASE WHEN length(lastname) > 1 THEN left(lastname, 1) || '.' END), '')
    END, pocs
  FROM author a
  WHERE pocs > 1 AND is_shown AND NOT EXISTS (SELECT FROM author b WHERE b.id <> a.id AND b.pocs >= a.pocs))
UNION ALL
(SELECT 'first_poc', day, name, NULL FROM poc a
  WHERE NOT EXISTS (SELECT FROM poc b WHERE b.id <> a.id AND b.created <= a.created))
