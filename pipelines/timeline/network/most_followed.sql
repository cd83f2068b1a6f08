-- The twenty who have the most followers, of those who agreed to be listed.
SELECT NULL::bigint AS tenant_id, place, rank, member, followers, followers_new, tweets
FROM (
  SELECT
    row_number() OVER (ORDER BY followers DESC, name COLLATE "C", user_id) AS place,
    rank() OVER (ORDER BY followers DESC) AS rank,
    name AS member, followers, followers_new, tweets
  FROM active
  WHERE name IS NOT NULL AND followers > 0
) q
WHERE place <= 20
