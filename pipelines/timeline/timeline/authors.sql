-- Who wrote, the most first. All who are not named are one row. Who wrote as much has the same rank.
SELECT
  tenant_id,
  row_number() OVER (
    PARTITION BY tenant_id ORDER BY author IS NULL, tweets DESC, author COLLATE "C", person_key
  ) AS place,
  CASE WHEN author IS NOT NULL THEN
    rank() OVER (PARTITION BY tenant_id ORDER BY author IS NULL, tweets DESC)
  END AS rank,
  author, author_is, persons, tweets, last_day
FROM (
  SELECT
    tenant_id,
    name AS author,
    CASE WHEN name IS NULL THEN 'hidden' END AS author_is,
    CASE WHEN name IS NOT NULL THEN user_id END AS person_key,
    count(DISTINCT user_id) AS persons,
    count(*) AS tweets,
    max(day) AS last_day
  FROM told
  WHERE is_current
  GROUP BY 1, 2, 3, 4
) q
