-- A tenant's users at the cut-off, with what they did in this period and in the days before that it is
-- compared with.
-- Removed messages do not count. Message texts and addresses are never read. Whether somebody is online
-- is not read, as it changes by the minute; nor is the time of an account's last change, which a visit sets.
SELECT
  p.tenant_id,
  u.id AS user_id,
  w.name,
  u.account_status::text AS confirmation,
  CASE WHEN u.created >= p.known_from THEN (u.created AT TIME ZONE p.time_zone)::date END AS joined,
  u.created < p.previous_ends_at AS was_there,
  u.created >= p.starts_at AS is_new,
  u.created >= p.previous_starts_at AND u.created < p.previous_ends_at AS was_new,
  coalesce(c.pocs, 0) AS pocs,
  coalesce(c.favorites, 0) AS favorites,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.opened, 0) AS dojos_opened,
  coalesce(m.messages, 0) AS messages,
  greatest(c.last_day, d.last_day, m.last_day) AS last_day,
  greatest(u.created, c.last_at, d.last_at, m.last_at) AS latest,
  coalesce(c.pocs, 0) + coalesce(d.dojos, 0) + coalesce(m.messages, 0) > 0 AS is_active,
  coalesce(c.pocs_previous, 0) + coalesce(d.dojos_previous, 0) + coalesce(m.messages_previous, 0) > 0
    AS was_active
FROM partition p
JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
LEFT JOIN people w ON w.tenant_id = p.tenant_id AND w.user_id = u.id
LEFT JOIN (
  SELECT
    tenant_id, user_id,
    count(*) FILTER (WHERE is_current) AS pocs,
    count(*) FILTER (WHERE NOT is_current) AS pocs_previous,
    count(*) FILTER (WHERE is_current AND favorite) AS favorites,
    max(day) FILTER (WHERE is_current) AS last_day,
    max(created) FILTER (WHERE is_current) AS last_at
  FROM poc_facts
  GROUP BY tenant_id, user_id
) c ON c.tenant_id = p.tenant_id AND c.user_id = u.id
LEFT JOIN (
  SELECT
    tenant_id, user_id,
    count(*) FILTER (WHERE is_current) AS dojos,
    count(*) FILTER (WHERE NOT is_current) AS dojos_previous,
    count(*) FILTER (WHERE is_current AND opened) AS opened,
    max(day) FILTER (WHERE is_current) AS last_day,
    max(held_at) FILTER (WHERE is_current) AS last_at
  FROM dojo_people
  GROUP BY tenant_id, user_id
) d ON d.tenant_id = p.tenant_id AND d.user_id = u.id
LEFT JOIN (
  SELECT
    q.tenant_id, m.userid AS user_id,
    count(*) FILTER (WHERE m.created >= q.starts_at) AS messages,
    count(*) FILTER (WHERE m.created < q.previous_ends_at) AS messages_previous,
    (max(m.created) FILTER (WHERE m.created >= q.starts_at) AT TIME ZONE q.time_zone)::date AS last_day,
    max(m.created) FILTER (WHERE m.created >= q.starts_at) AS last_at
  FROM partition q
  JOIN message m ON m.tenantid = q.tenant_id
    AND m.created >= q.previous_starts_at AND m.created < q.cutoff_at
  WHERE m.message_status = 'A'
  GROUP BY q.tenant_id, m.userid, q.time_zone
) m ON m.tenant_id = p.tenant_id AND m.user_id = u.id
