-- At most one row per rule: the greatest amount, if one alone has it. Amounts of one are left out.
-- The amounts, in the order of the rules: POCs of the month, whole minutes, participants, POCs of a person who
-- may be named, none.
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 1 AS position, 'busiest_month' AS rule, day, NULL::text AS title, amount,
    count(*) OVER (PARTITION BY tenant_id, amount) AS holders
  FROM (
    SELECT tenant_id, date_trunc('month', day::timestamp)::date AS day, count(*) AS amount
    FROM poc_facts
    WHERE is_current
    GROUP BY tenant_id, date_trunc('month', day::timestamp)
  ) m
  ORDER BY tenant_id, amount DESC, day
) busiest_month
WHERE amount >= 2 AND holders = 1
UNION ALL
-- Dojos are compared by the second, and shown in minutes.
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 2 AS position, 'longest_dojo' AS rule, day, subject AS title, seconds / 60 AS amount,
    seconds, count(*) OVER (PARTITION BY tenant_id, seconds) AS holders
  FROM sessions
  WHERE seconds >= 60
  ORDER BY tenant_id, seconds DESC, held_at, id
) longest_dojo
WHERE holders = 1
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 3 AS position, 'largest_dojo' AS rule, day, subject AS title, participants AS amount,
    count(*) OVER (PARTITION BY tenant_id, participants) AS holders
  FROM sessions
  WHERE participants >= 2
  ORDER BY tenant_id, participants DESC, held_at, id
) largest_dojo
WHERE holders = 1
UNION ALL
-- People who are not named take part in the comparison: nobody is called the first who is not.
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (c.tenant_id)
    c.tenant_id, 4 AS position, 'top_author' AS rule, c.day, w.name AS title, c.amount,
    count(*) OVER (PARTITION BY c.tenant_id, c.amount) AS holders
  FROM (
    SELECT tenant_id, user_id, count(*) AS amount, min(day) AS day
    FROM poc_facts
    WHERE is_current
    GROUP BY tenant_id, user_id
  ) c
  LEFT JOIN people w ON w.tenant_id = c.tenant_id AND w.user_id = c.user_id
  ORDER BY c.tenant_id, c.amount DESC, c.user_id
) top_author
WHERE amount >= 2 AND title IS NOT NULL AND holders = 1
UNION ALL
SELECT p.tenant_id, 5, 'first_poc', c.day, c.name, NULL
FROM partition p
CROSS JOIN LATERAL (
  SELECT day, name, count(*) OVER (PARTITION BY created) AS holders
  FROM (
    SELECT (o.created AT TIME ZONE p.time_zone)::date AS day, o.name, o.created, o.id
    FROM pocuser o
    WHERE o.tenantid = p.tenant_id AND o.created >= p.starts_at AND o.created < p.cutoff_at
    ORDER BY o.created, o.id
    LIMIT 2
  ) two
  ORDER BY created, id
  LIMIT 1
) c
WHERE c.holders = 1
