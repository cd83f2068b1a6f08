-- Who did what, the most active first. All people who are not named are one row, all guests another; these
-- have no rank. Who did as much has the same rank.
SELECT
  tenant_id,
  row_number() OVER (
    PARTITION BY tenant_id
    ORDER BY member IS NULL, member_is DESC, pocs DESC, dojos DESC, member COLLATE "C", person_key
  ) AS place,
  CASE WHEN member IS NOT NULL THEN
    rank() OVER (PARTITION BY tenant_id ORDER BY member IS NULL, pocs DESC, dojos DESC) END AS rank,
  member, member_is, persons, pocs, favorites, languages, dojos, dojos_opened
FROM (
  SELECT
    e.tenant_id,
    w.name AS member,
    CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS member_is,
    CASE WHEN w.name IS NOT NULL THEN e.user_id END AS person_key,
    count(DISTINCT e.user_id) AS persons,
    sum(e.pocs)::bigint AS pocs,
    sum(e.favorites)::bigint AS favorites,
    count(DISTINCT e.language) AS languages,
    sum(e.dojos)::bigint AS dojos,
    sum(e.opened)::bigint AS dojos_opened
  FROM (
    SELECT
      tenant_id, user_id, language, count(*) AS pocs, count(*) FILTER (WHERE favorite) AS favorites,
      0::bigint AS dojos, 0::bigint AS opened
    FROM poc_facts
    WHERE is_current
    GROUP BY tenant_id, user_id, language
    UNION ALL
    SELECT tenant_id, user_id, NULL, 0, 0, count(*), count(*) FILTER (WHERE opened)
    FROM dojo_people
    WHERE is_current
    GROUP BY tenant_id, user_id
  ) e
  LEFT JOIN people w ON w.tenant_id = e.tenant_id AND w.user_id = e.user_id
  GROUP BY 1, 2, 3, 4
) members
