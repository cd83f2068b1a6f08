-- Who took part in a dojo: its members and whoever opened it, each once.
SELECT
  a.tenant_id,
  a.dojo_id,
  a.user_id,
  a.is_current,
  w.name AS person,
  CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS person_is
FROM (
  SELECT d.tenant_id, d.id AS dojo_id, d.user_id, d.is_current FROM dojos d
  UNION
  SELECT d.tenant_id, d.id, m.userid, d.is_current
  FROM dojos d
  JOIN room_member m ON m.roomid = d.id
) a
LEFT JOIN people w ON w.tenant_id = a.tenant_id AND w.user_id = a.user_id
