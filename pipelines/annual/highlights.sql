-- At most one row a rule, chosen by the greatest amount, of equal ones the earliest. The amounts are:
-- POCs and dojos of the day, POCs of the month, whole minutes, participants, POCs (only people who are
-- shown), none.
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 1 AS position, 'busiest_day' AS rule, day, NULL::text AS title, count(*) AS amount
  FROM (
    SELECT tenant_id, day FROM poc_facts WHERE is_current
    UNION ALL
    SELECT tenant_id, day FROM dojos WHERE is_current
  ) everything
  GROUP BY tenant_id, day
  ORDER BY tenant_id, count(*) DESC, day
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
  WHERE is_current
  ORDER BY tenant_id, participants DESC, held_at, id
) largest_dojo
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 5 AS position, 'top_author' AS rule, min(day) AS day, author AS title,
    count(*) AS amount
  FROM pocs
  WHERE is_current AND author_is IS NULL
  GROUP BY tenant_id, user_id, author
  ORDER BY tenant_id, count(*) DESC, min(created), user_id
) top_author
UNION ALL
SELECT tenant_id, position, rule, day, title, amount
FROM (
  SELECT DISTINCT ON (tenant_id)
    tenant_id, 6 AS position, 'first_poc' AS rule, day, name AS title, NULL::bigint AS amount
  FROM pocs
  WHERE is_current
  ORDER BY tenant_id, created, id
) first_poc
