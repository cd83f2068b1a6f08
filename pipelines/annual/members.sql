-- Who did what, the most active first. All who are not to be shown are one row, all guests another.
SELECT
  tenant_id,
  row_number() OVER (
    PARTITION BY tenant_id
    ORDER BY member IS NULL, member_is DESC, pocs DESC, dojos DESC, member COLLATE "C", person_key
  ) AS rank,
  member, member_is, persons, pocs, favorites, languages, dojos, dojos_opened
FROM (
  SELECT
    tenant_id, member, member_is, person_key,
    count(DISTINCT user_id) AS persons,
    count(*) FILTER (WHERE NOT in_dojo) AS pocs,
    count(*) FILTER (WHERE favorite) AS favorites,
    count(DISTINCT language) AS languages,
    count(*) FILTER (WHERE in_dojo) AS dojos,
    count(*) FILTER (WHERE opened) AS dojos_opened
  FROM (
    SELECT
      tenant_id, user_id, author AS member, author_is AS member_is,
      CASE WHEN author_is IS NULL THEN user_id END AS person_key,
      favorite, language, false AS in_dojo, false AS opened
    FROM pocs
    WHERE is_current
    UNION ALL
    SELECT
      a.tenant_id, a.user_id, a.person, a.person_is,
      CASE WHEN a.person_is IS NULL THEN a.user_id END,
      false, NULL, true, a.user_id = d.user_id
    FROM attendance a
    JOIN dojos d ON d.tenant_id = a.tenant_id AND d.id = a.dojo_id
    WHERE a.is_current
  ) everything
  GROUP BY tenant_id, member, member_is, person_key
) members
