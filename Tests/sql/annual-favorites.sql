WITH t AS (
  SELECT
    id, timezone,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
), chosen AS (
  SELECT c.* FROM t, app.pocuser c
  WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e AND c.favorite = 'Y'
)
SELECT
  (SELECT count(*) FROM chosen o WHERE (o.created, o.id) <= (c.created, c.id)) AS rank,
  (c.created AT TIME ZONE t.timezone)::date AS day, c.name, c.tags,
  nullif(trim(c.language), '') AS language,
  (SELECT s.object_key FROM app.poc_screenshot s
    WHERE s.tenantid = t.id AND s.pocid = c.id AND s.created < t.e AND EXISTS (
      SELECT FROM app."user" u WHERE u.id = c.userid AND u.tenantid = t.id AND u.privacy <> 'none')
    ORDER BY s.created, s.id LIMIT 1) AS media_key
FROM t, chosen c
