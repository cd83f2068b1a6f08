-- At most one day per rule. Where two are equal, neither is remarkable.
--   first       the very first activity of the tenant
--   most        the day with the most activities, three or more
--   streak      the last day of the longest run of active days, four or more. It has ended only if there was
--               an activity later in the period
--   comeback    the first day after the longest pause between two activities, of 14 days or more
--   together    the first dojo in which every person took part who is active in the period, three or more
-- `since` is the first day of the run, or the last day before the pause. `id` is the activity that the day
-- is about. The amounts, in the order of the rules: none, activities, days, days, people.
SELECT tenant_id, 1 AS place, 'first' AS rule, NULL::date AS since, day, NULL::bigint AS amount, kind, id
FROM (
  SELECT p.tenant_id, f.day, f.kind, f.id, f.holders
  FROM partition p
  CROSS JOIN LATERAL (
    SELECT day, kind, id, count(*) OVER (PARTITION BY at) AS holders
    FROM (
      SELECT a.day, a.at, a.kind, a.id FROM activity a WHERE a.tenant_id = p.tenant_id
      ORDER BY a.at, a.kind, a.id LIMIT 2
    ) two
    ORDER BY at, kind, id
    LIMIT 1
  ) f
  WHERE NOT EXISTS (
      SELECT FROM pocuser c
      WHERE c.tenantid = p.tenant_id AND c.created >= p.known_from AND c.created < p.starts_at)
    AND NOT EXISTS (
      SELECT FROM room r
      WHERE r.tenantid = p.tenant_id AND r.status = 'A' AND r.date >= p.known_from
        AND r.date < p.starts_at AND r.created < p.cutoff_at)
) first_ever
WHERE holders = 1
UNION ALL
SELECT tenant_id, 2, 'most', NULL, day, amount, NULL, NULL
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, day, amount, count(*) OVER (PARTITION BY tenant_id, amount) AS holders
  FROM (SELECT tenant_id, day, count(*) AS amount FROM activity GROUP BY tenant_id, day) d
  ORDER BY tenant_id, amount DESC, day
) most
WHERE amount >= 3 AND holders = 1
UNION ALL
SELECT tenant_id, 3, 'streak', since, day, amount, NULL, NULL
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, since, day, amount, latest,
    count(*) OVER (PARTITION BY tenant_id, amount) AS holders
  FROM (
    SELECT
      tenant_id, min(day) AS since, max(day) AS day, count(*) AS amount,
      max(max(day)) OVER (PARTITION BY tenant_id) AS latest
    FROM (
      SELECT tenant_id, day,
        day - (row_number() OVER (PARTITION BY tenant_id ORDER BY day))::integer AS run
      FROM (SELECT DISTINCT tenant_id, day FROM activity) d
    ) d
    GROUP BY tenant_id, run
  ) r
  ORDER BY tenant_id, amount DESC, day
) streak
WHERE amount >= 4 AND holders = 1 AND day < latest
UNION ALL
SELECT c.tenant_id, 4, 'comeback', c.since, c.day, c.amount, f.kind, f.id
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, since, day, amount, count(*) OVER (PARTITION BY tenant_id, amount) AS holders
  FROM (
    SELECT tenant_id, day, lag(day) OVER w AS since, (day - lag(day) OVER w - 1)::bigint AS amount
    FROM (SELECT DISTINCT tenant_id, day FROM activity) d
    WINDOW w AS (PARTITION BY tenant_id ORDER BY day)
  ) g
  WHERE amount >= 14
  ORDER BY tenant_id, amount DESC, day
) c
CROSS JOIN LATERAL (
  SELECT a.kind, a.id, count(*) OVER (PARTITION BY a.at) AS holders
  FROM activity a
  WHERE a.tenant_id = c.tenant_id AND a.day = c.day
  ORDER BY a.at, a.kind, a.id
  LIMIT 1
) f
WHERE c.holders = 1 AND f.holders = 1
UNION ALL
SELECT tenant_id, 5, 'together', NULL, day, amount, 'dojo', id
FROM (
  SELECT DISTINCT ON (d.tenant_id) d.tenant_id, d.day, d.id, t.members AS amount
  FROM dojos d
  JOIN (
    SELECT a.tenant_id, a.dojo_id, count(*) AS members
    FROM dojo_people a
    JOIN "user" u ON u.tenantid = a.tenant_id AND u.id = a.user_id
    GROUP BY a.tenant_id, a.dojo_id
  ) a ON a.tenant_id = d.tenant_id AND a.dojo_id = d.id
  JOIN period_totals t ON t.tenant_id = d.tenant_id AND t.members = a.members
  WHERE d.is_current AND t.members >= 3
  ORDER BY d.tenant_id, d.held_at, d.id
) together
