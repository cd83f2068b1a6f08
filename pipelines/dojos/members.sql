-- Who attended how often, the most frequent first. All people who are not named are one row, all guests
-- another; these have no rank. Who attended and wrote as often has the same rank. Messages are those written
-- in the period's dojos.
SELECT
  tenant_id,
  row_number() OVER (
    PARTITION BY tenant_id
    ORDER BY member IS NULL, member_is DESC, dojos DESC, messages DESC, member COLLATE "C", person_key
  ) AS place,
  CASE WHEN member IS NOT NULL THEN
    rank() OVER (PARTITION BY tenant_id ORDER BY member IS NULL, dojos DESC, messages DESC) END AS rank,
  member, member_is, persons, dojos, dojos_opened, messages, first_day, last_day
FROM (
  SELECT
    e.tenant_id,
    w.name AS member,
    CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS member_is,
    CASE WHEN w.name IS NOT NULL THEN e.user_id END AS person_key,
    count(DISTINCT e.user_id) AS persons,
    sum(e.dojos)::bigint AS dojos,
    sum(e.opened)::bigint AS dojos_opened,
    sum(e.messages)::bigint AS messages,
    min(e.first_day) AS first_day,
    max(e.last_day) AS last_day
  FROM (
    SELECT
      tenant_id, user_id, count(*) AS dojos, count(*) FILTER (WHERE opened) AS opened,
      0::bigint AS messages, min(day) AS first_day, max(day) AS last_day
    FROM dojo_people
    WHERE is_current
    GROUP BY tenant_id, user_id
    UNION ALL
    SELECT tenant_id, user_id, 0, 0, sum(messages)::bigint, NULL, NULL
    FROM messages
    WHERE is_current
    GROUP BY tenant_id, user_id
  ) e
  LEFT JOIN people w ON w.tenant_id = e.tenant_id AND w.user_id = e.user_id
  GROUP BY 1, 2, 3, 4
) members
