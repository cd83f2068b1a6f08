WITH t AS (
  SELECT
    id, timezone,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
)
SELECT trim(c.language) AS language, (c.created AT TIME ZONE t.timezone)::date AS day, c.name AS poc
FROM t, app.pocuser c
WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e AND trim(c.language) <> ''
  -- Not one before it, ever; of those at the same moment, the one with the least key.
  AND NOT EXISTS (SELECT FROM app.pocuser o WHERE o.tenantid = t.id AND trim(o.language) = trim(c.language)
    AND (o.created, o.id::text) < (c.created, c.id::text))
