-- Those who asked and did something in the period. A place is told only in the upper half of ten or more who
-- created POCs: how many created at least as many, so that equal people have the same place, the last of theirs.
SELECT
  f.tenant_id,
  s.user_id,
  s.name,
  CASE WHEN f.authors >= 10 AND f.pocs > 0 AND f.place * 2 <= f.authors THEN f.place END AS place,
  CASE WHEN f.authors >= 10 AND f.pocs > 0 AND f.place * 2 <= f.authors THEN f.authors END AS authors
FROM (
  SELECT
    tenant_id, user_id, pocs, dojos,
    count(*) OVER (PARTITION BY tenant_id ORDER BY pocs DESC) AS place,
    count(*) FILTER (WHERE pocs > 0) OVER (PARTITION BY tenant_id) AS authors
  FROM member_facts
) f
JOIN sharers s ON s.tenant_id = f.tenant_id AND s.user_id = f.user_id
WHERE f.pocs + f.dojos > 0
