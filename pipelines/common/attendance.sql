-- Who took part in each dojo, with the name to show.
SELECT
  a.tenant_id,
  a.dojo_id,
  a.user_id,
  a.is_current,
  w.name AS person,
  CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS person_is
FROM dojo_people a
LEFT JOIN people w ON w.tenant_id = a.tenant_id AND w.user_id = a.user_id
