-- What each of the tenant's own users did in the period and in the one before. Guests are not members.
SELECT
  u.tenantid AS tenant_id,
  u.id AS user_id,
  count(*) FILTER (WHERE e.is_current AND e.is_poc) AS pocs,
  count(*) FILTER (WHERE NOT e.is_current AND e.is_poc) AS pocs_previous,
  count(*) FILTER (WHERE e.is_current AND e.favorite) AS favorites,
  count(DISTINCT e.language) FILTER (WHERE e.is_current) AS languages,
  count(*) FILTER (WHERE e.is_current AND NOT e.is_poc) AS dojos,
  count(*) FILTER (WHERE NOT e.is_current AND NOT e.is_poc) AS dojos_previous,
  count(*) FILTER (WHERE e.is_current AND e.opened) AS dojos_opened,
  count(DISTINCT e.day) FILTER (WHERE e.is_current) AS active_days
FROM (
  SELECT tenant_id, user_id, is_current, day, true AS is_poc, favorite, language, false AS opened
  FROM poc_facts
  UNION ALL
  SELECT tenant_id, user_id, is_current, day, false, false, NULL, opened
  FROM dojo_people
) e
JOIN "user" u ON u.tenantid = e.tenant_id AND u.id = e.user_id
GROUP BY u.tenantid, u.id
