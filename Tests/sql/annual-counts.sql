WITH t AS (
  SELECT
    id, timezone,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
), active AS (
  SELECT g.day::date AS day
  FROM t, generate_series($2::date, $3::date - 1, '1 day') AS g(day)
  WHERE EXISTS (SELECT FROM app.pocuser c WHERE c.tenantid = t.id AND c.created < t.e
      AND (c.created AT TIME ZONE t.timezone)::date = g.day)
    OR EXISTS (SELECT FROM app.room r WHERE r.tenantid = t.id AND r.status = 'A'
      AND r.date < t.e AND r.created < t.e AND (r.date AT TIME ZONE t.timezone)::date = g.day)
)
SELECT
  (SELECT count(*) FROM active) AS days,
  -- The longest run: from a day, how far one can go with every day active.
  (SELECT coalesce(max(
      (SELECT min(g.day)::date - a.day FROM generate_series(a.day, $3::date, '1 day') AS g(day)
        WHERE g.day::date NOT IN (SELECT day FROM active))), 0)
    FROM active a) AS streak,
  (SELECT count(DISTINCT coalesce(nullif(trim(c.language), ''), '?')) FROM app.pocuser c
    WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e) AS languages,
  (SELECT count(DISTINCT trim(c.language)) FROM app.pocuser c
    WHERE c.tenantid = t.id AND c.created >= t.s AND c.created < t.e AND trim(c.language) <> ''
      AND NOT EXISTS (SELECT FROM app.pocuser o WHERE o.tenantid = t.id AND o.created < t.s
        AND trim(o.language) = trim(c.language))) AS first_languages
FROM t
