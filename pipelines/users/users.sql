-- One row per user, the most active first. All users who are not named are one row without details or
-- rank. Who did as much has the same rank.
SELECT
  tenant_id,
  row_number() OVER (
    PARTITION BY tenant_id
    ORDER BY member IS NULL, pocs DESC, dojos DESC, messages DESC, member COLLATE "C", person_key
  ) AS place,
  CASE WHEN member IS NOT NULL THEN
    rank() OVER (PARTITION BY tenant_id ORDER BY member IS NULL, pocs DESC, dojos DESC, messages DESC)
  END AS rank,
  member, member_is, persons, confirmation, activity, joined, pocs, favorites, dojos, dojos_opened,
  messages, last_day
FROM (
  SELECT
    tenant_id,
    name AS member,
    CASE WHEN name IS NULL THEN 'hidden' END AS member_is,
    CASE WHEN name IS NOT NULL THEN user_id END AS person_key,
    count(*) AS persons,
    CASE WHEN name IS NOT NULL THEN min(confirmation) END AS confirmation,
    CASE
      WHEN name IS NOT NULL THEN CASE WHEN bool_or(is_active) THEN 'active' ELSE 'inactive' END
    END AS activity,
    CASE WHEN name IS NOT NULL THEN min(joined) END AS joined,
    sum(pocs)::bigint AS pocs,
    sum(favorites)::bigint AS favorites,
    sum(dojos)::bigint AS dojos,
    sum(dojos_opened)::bigint AS dojos_opened,
    sum(messages)::bigint AS messages,
    CASE WHEN name IS NOT NULL THEN max(last_day) END AS last_day
  FROM accounts
  GROUP BY 1, 2, 3, 4
) users
