-- Who took part in a dojo: its members and the person who opened it, each once. What queries need of the dojo
-- is here too: they would have to join it again, and PostgreSQL, which knows nothing of how many rows a part of
-- a query has, compares each with each.
SELECT
  d.tenant_id, d.id AS dojo_id, d.user_id, d.is_current, d.user_id IS NOT NULL AS opened, d.day, d.held_at
FROM dojos d
UNION
SELECT
  d.tenant_id, d.id, m.userid, d.is_current, coalesce(m.userid = d.user_id, false), d.day, d.held_at
FROM dojos d
JOIN room_member m ON m.roomid = d.id
