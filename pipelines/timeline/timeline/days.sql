-- The days on which somebody wrote whom the person follows.
SELECT tenant_id, day, count(*) AS tweets, count(DISTINCT user_id) AS authors
FROM told
WHERE is_current
GROUP BY tenant_id, day
