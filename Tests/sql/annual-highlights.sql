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
  SELECT u.id, u.privacy, u.firstname, u.lastname, count(*) AS pocs, min(p.created) AS first, min(p.day) AS day
  FROM poc p JOIN app."user" u ON u.id = p.userid AND u.tenantid = p.tenantid AND u.privacy <> 'none'
  GROUP BY u.id
)
(SELECT 'busiest_day' AS rule, day, NULL AS title, count(*) AS amount
  FROM (SELECT day FROM poc UNION ALL SELECT day FROM dojo) x GROUP BY day
  HAVING count(*) > 1 ORDER BY 4 DESC, 2 LIMIT 1)
UNION ALL
(SELECT 'busiest_month', to_char(day, 'YYYY-MM-01')::date, NULL, count(*)
  FROM poc GROUP BY 2 HAVING count(*) > 1 ORDER BY 4 DESC, 2 LIMIT 1)
UNION ALL
(SELECT 'longest_dojo', day, name, seconds / 60 FROM dojo WHERE seconds >= 60 ORDER BY seconds DESC, date, id LIMIT 1)
UNION ALL
(SELECT 'largest_dojo', day, name, people FROM dojo WHERE people > 1 ORDER BY people DESC, date, id LIMIT 1)
UNION ALL
(SELECT 'top_author', day,
    CASE privacy
      WHEN 'names' THEN regexp_replace(firstname || ' ' || lastname, '^[ -]+|[ -]+$', '', 'g')
      -- Of somebody with a first and a last name.
      ELSE left(firstname, 1) || '. ' || left(lastname, 1) || '.'
    END, pocs
  FROM author WHERE pocs > 1 ORDER BY pocs DESC, first, id LIMIT 1)
UNION ALL
(SELECT 'first_poc', day, name, NULL FROM poc ORDER BY created, id LIMIT 1)
