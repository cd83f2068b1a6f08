-- Who took part in a dojo: its members and the person who opened it, each once.
SELECT d.tenant_id, d.id AS dojo_id, d.user_id, d.is_current FROM dojos d
UNION
SELECT d.tenant_id, d.id, m.userid, d.is_current
FROM dojos d
JOIN room_member m ON m.roomid = d.id
