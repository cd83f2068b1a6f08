-- One row a tenant: the period's figures and those of the one before.
SELECT
  p.tenant_id,
  coalesce(c.pocs, 0) AS pocs,
  coalesce(c.pocs_previous, 0) AS pocs_previous,
  coalesce(c.favorites, 0) AS favorites,
  coalesce(c.favorites_previous, 0) AS favorites_previous,
  coalesce(c.languages, 0) AS languages,
  coalesce(c.languages_previous, 0) AS languages_previous,
  coalesce(t.tags, 0) AS tags,
  coalesce(t.tags_previous, 0) AS tags_previous,
  coalesce(m.members, 0) AS members,
  coalesce(m.members_previous, 0) AS members_previous,
  coalesce(c.authors, 0) AS authors,
  coalesce(c.authors_previous, 0) AS authors_previous,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.dojos_previous, 0) AS dojos_previous,
  coalesce(d.dojo_seconds, 0) AS dojo_seconds,
  coalesce(d.dojo_seconds_previous, 0) AS dojo_seconds_previous,
  coalesce(d.attendances, 0) AS attendances,
  coalesce(d.attendances_previous, 0) AS attendances_previous,
  coalesce(d.recorded_dojos, 0) AS recorded_dojos,
  coalesce(d.recorded_dojos_previous, 0) AS recorded_dojos_previous,
  coalesce(m.participants, 0) AS participants,
  coalesce(m.participants_previous, 0) AS participants_previous,
  coalesce(a.active_days, 0) AS active_days,
  coalesce(a.active_days_previous, 0) AS active_days_previous,
  greatest(c.updated, d.updated) AS data_cut_off
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS pocs,
    count(*) FILTER (WHERE NOT is_current) AS pocs_previous,
    count(*) FILTER (WHERE is_current AND favorite) AS favorites,
    count(*) FILTER (WHERE NOT is_current AND favorite) AS favorites_previous,
    count(DISTINCT language) FILTER (WHERE is_current) AS languages,
    count(DISTINCT language) FILTER (WHERE NOT is_current) AS languages_previous,
    count(DISTINCT user_id) FILTER (WHERE is_current) AS authors,
    count(DISTINCT user_id) FILTER (WHERE NOT is_current) AS authors_previous,
    max(updated) FILTER (WHERE is_current) AS updated
  FROM pocs
  GROUP BY tenant_id
) c ON c.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(DISTINCT tag) FILTER (WHERE is_current) AS tags,
    count(DISTINCT tag) FILTER (WHERE NOT is_current) AS tags_previous
  FROM poc_tags
  GROUP BY tenant_id
) t ON t.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS dojos,
    count(*) FILTER (WHERE NOT is_current) AS dojos_previous,
    (sum(seconds) FILTER (WHERE is_current))::bigint AS dojo_seconds,
    (sum(seconds) FILTER (WHERE NOT is_current))::bigint AS dojo_seconds_previous,
    (sum(participants) FILTER (WHERE is_current))::bigint AS attendances,
    (sum(participants) FILTER (WHERE NOT is_current))::bigint AS attendances_previous,
    count(*) FILTER (WHERE is_current AND recordings > 0) AS recorded_dojos,
    count(*) FILTER (WHERE NOT is_current AND recordings > 0) AS recorded_dojos_previous,
    greatest(max(updated) FILTER (WHERE is_current), max(recorded_at) FILTER (WHERE is_current))
      AS updated
  FROM sessions
  GROUP BY tenant_id
) d ON d.tenant_id = p.tenant_id
LEFT JOIN (
  -- A member is active who recorded a POC or took part in a dojo; a guest is no member.
  SELECT
    tenant_id,
    count(DISTINCT user_id) FILTER (WHERE is_current AND NOT is_guest) AS members,
    count(DISTINCT user_id) FILTER (WHERE NOT is_current AND NOT is_guest) AS members_previous,
    count(DISTINCT user_id) FILTER (WHERE is_current AND in_dojo) AS participants,
    count(DISTINCT user_id) FILTER (WHERE NOT is_current AND in_dojo) AS participants_previous
  FROM (
    SELECT tenant_id, user_id, is_current, author_is IS NOT DISTINCT FROM 'guest' AS is_guest,
      false AS in_dojo
    FROM pocs
    UNION ALL
    SELECT tenant_id, user_id, is_current, person_is IS NOT DISTINCT FROM 'guest', true
    FROM attendance
  ) everybody
  GROUP BY tenant_id
) m ON m.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(DISTINCT day) FILTER (WHERE is_current) AS active_days,
    count(DISTINCT day) FILTER (WHERE NOT is_current) AS active_days_previous
  FROM (
    SELECT tenant_id, day, is_current FROM pocs
    UNION ALL
    SELECT tenant_id, day, is_current FROM dojos
  ) everything
  GROUP BY tenant_id
) a ON a.tenant_id = p.tenant_id
