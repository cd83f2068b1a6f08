-- The figures of the period and of the one before, one row per tenant.
SELECT
  p.tenant_id,
  coalesce(c.pocs, 0) AS pocs,
  coalesce(c.pocs_previous, 0) AS pocs_previous,
  coalesce(c.favorites, 0) AS favorites,
  coalesce(c.favorites_previous, 0) AS favorites_previous,
  coalesce(l.languages, 0) AS languages,
  coalesce(l.languages_previous, 0) AS languages_previous,
  coalesce(t.tags, 0) AS tags,
  coalesce(t.tags_previous, 0) AS tags_previous,
  coalesce(m.members, 0) AS members,
  coalesce(m.members_previous, 0) AS members_previous,
  coalesce(m.authors, 0) AS authors,
  coalesce(m.authors_previous, 0) AS authors_previous,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.dojos_previous, 0) AS dojos_previous,
  -- 0 without dojos; NULL if there are dojos and no length is known.
  CASE WHEN d.dojos > 0 THEN d.dojo_seconds ELSE 0 END AS dojo_seconds,
  CASE WHEN d.dojos_previous > 0 THEN d.dojo_seconds_previous ELSE 0 END AS dojo_seconds_previous,
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
    max(updated) FILTER (WHERE is_current) AS updated
  FROM poc_facts
  GROUP BY tenant_id
) c ON c.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS languages,
    count(*) FILTER (WHERE NOT is_current) AS languages_previous
  FROM (SELECT DISTINCT tenant_id, is_current, language FROM poc_facts WHERE language IS NOT NULL) l
  GROUP BY tenant_id
) l ON l.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS tags,
    count(*) FILTER (WHERE NOT is_current) AS tags_previous
  FROM (SELECT DISTINCT tenant_id, is_current, tag FROM poc_tags) t
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
  FROM dojo_facts
  GROUP BY tenant_id
) d ON d.tenant_id = p.tenant_id
LEFT JOIN (
  -- A member is active with a POC or a dojo in the period. A guest is not a member.
  SELECT
    e.tenant_id,
    count(*) FILTER (WHERE e.is_current AND u.id IS NOT NULL) AS members,
    count(*) FILTER (WHERE NOT e.is_current AND u.id IS NOT NULL) AS members_previous,
    count(*) FILTER (WHERE e.is_current AND e.is_author) AS authors,
    count(*) FILTER (WHERE NOT e.is_current AND e.is_author) AS authors_previous,
    count(*) FILTER (WHERE e.is_current AND e.in_dojo) AS participants,
    count(*) FILTER (WHERE NOT e.is_current AND e.in_dojo) AS participants_previous
  FROM (
    SELECT tenant_id, user_id, is_current, bool_or(is_author) AS is_author, bool_or(in_dojo) AS in_dojo
    FROM (
      SELECT tenant_id, user_id, is_current, true AS is_author, false AS in_dojo FROM poc_facts
      UNION ALL
      SELECT tenant_id, user_id, is_current, false, true FROM dojo_people
    ) everybody
    GROUP BY tenant_id, user_id, is_current
  ) e
  LEFT JOIN "user" u ON u.tenantid = e.tenant_id AND u.id = e.user_id
  GROUP BY e.tenant_id
) m ON m.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS active_days,
    count(*) FILTER (WHERE NOT is_current) AS active_days_previous
  FROM (
    SELECT tenant_id, day, is_current FROM poc_facts
    UNION
    SELECT tenant_id, day, is_current FROM dojos
  ) everything
  GROUP BY tenant_id
) a ON a.tenant_id = p.tenant_id
