WITH t AS (
  SELECT id, timezone, least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
)
SELECT
  g.month::date AS month,
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created < t.e
    AND to_char(c.created AT TIME ZONE t.timezone, 'YYYY-MM') = to_char(g.month, 'YYYY-MM')) AS pocs,
  (SELECT count(*) FROM app.pocuser c WHERE c.tenantid = t.id AND c.created < t.e AND c.favorite = 'Y'
    AND to_char(c.created AT TIME ZONE t.timezone, 'YYYY-MM') = to_char(g.month, 'YYYY-MM'))
    AS favorites,
  (SELECT count(*) FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
    AND r.date < t.e AND r.created < t.e
    AND to_char(r.date AT TIME ZONE t.timezone, 'YYYY-MM') = to_char(g.month, 'YYYY-MM')) AS dojos,
  (SELECT CASE WHEN count(*) = 0 THEN 0
      ELSE sum(extract(epoch FROM date_trunc('second', d.stopped - d.started)))::bigint END
    FROM app.room r LEFT JOIN app.dojo_recording d
      ON d.roomid = r.id AND d.tenantid = t.id AND d.created < t.e AND d.stopped >= d.started
    WHERE r.tenantid = t.id AND r.status = 'A' AND r.date < t.e AND r.created < t.e
      AND to_char(r.date AT TIME ZONE t.timezone, 'YYYY-MM') = to_char(g.month, 'YYYY-MM'))
    AS dojo_seconds
FROM t, generate_series($2::timestamp, $3::timestamp - interval '1 day', '1 month') AS g(month)
ORDER BY month
