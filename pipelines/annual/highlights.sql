-- At most one row per rule: the greatest amount, in a tie the earliest. Amounts of one are left out.
-- The amounts, in the order of the rules: POCs and dojos of the day, POCs of the month, whole minutes,
-- participants, POCs of a person who may be named, none.
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 1 AS position, 'busiest_day' AS rule, day, NULL::text AS title, sum(n)::bigint AS amount
  FROM (
    SELECT tenant_id, day, count(*) AS n FROM poc_facts WHERE is_current GROUP BY tenant_id, day
    UNION ALL
    SELECT tenant_id, day, count(*) FROM dojos WHERE is_current GROUP BY tenant_id, day
  ) everything
  GROUP BY tenant_id, day
  HAVING sum(n) >= 2
  ORDER BY tenant_id, sum(n) DESC, day
) busiest_day
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 2 AS position, 'busiest_month' AS rule,
    date_trunc('month', day::timestamp)::date AS day, NULL::text AS title, count(*) AS amount
  FROM poc_facts
  WHERE is_current
  GROUP BY tenant_id, date_trunc('month', day::timestamp)
  HAVING count(*) >= 2
  ORDER BY tenant_id, count(*) DESC, date_trunc('month', day::timestamp)
) busiest_month
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 3 AS position, 'longest_dojo' AS rule, day, subject AS title, seconds / 60 AS amount
  FROM sessions
  WHERE is_current AND seconds >= 60
  ORDER BY tenant_id, seconds DESC, held_at, id
) longest_dojo
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 4 AS position, 'largest_dojo' AS rule, day, subject AS title, participants AS amount
  FROM sessions
  WHERE is_current AND participants >= 2
  ORDER BY tenant_id, participants DESC, held_at, id
) largest_dojo
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (c.tenant_id)
    c.tenant_id, 5 AS position, 'top_author' AS rule, c.day, w.name AS title, c.pocs AS amount
  FROM (
    SELECT tenant_id, user_id, count(*) AS pocs, min(day) AS day, min(created) AS created
    FROM poc_facts
    WHERE is_current
    GROUP BY tenant_id, user_id
  ) c
  JOIN people w ON w.tenant_id = c.tenant_id AND w.user_id = c.user_id AND w.name IS NOT NULL
  WHERE c.pocs >= 2
  ORDER BY c.tenant_id, c.pocs DESC, c.created, c.user_id
) top_author
UNION ALL
SELECT p.tenant_id, 6, 'first_poc', c.day, c.name, NULL
FROM partition p
CROSS JOIN LATERAL (
  SELECT (o.created AT TIME ZONE p.time_zone)::date AS day, o.name
  FROM pocuser o
  WHERE o.tenantid = p.tenant_id AND o.created >= p.starts_at AND o.created < p.cutoff_at
  ORDER BY o.created, o.id
  LIMIT 1
) c
