-- The figures of the period and of the one before, one row per tenant.
SELECT
  p.tenant_id,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.dojos_previous, 0) AS dojos_previous,
  -- 0 without dojos; NULL if there are dojos and no length is known.
  CASE WHEN d.dojos > 0 THEN d.dojo_seconds ELSE 0 END AS dojo_seconds,
  CASE WHEN d.dojos_previous > 0 THEN d.dojo_seconds_previous ELSE 0 END AS dojo_seconds_previous,
  coalesce(d.attendances, 0) AS attendances,
  coalesce(d.attendances_previous, 0) AS attendances_previous,
  coalesce(d.recorded_dojos, 0) AS recorded_dojos,
  coalesce(d.recorded_dojos_previous, 0) AS recorded_dojos_previous,
  coalesce(d.timed_dojos, 0) AS timed_dojos,
  coalesce(d.timed_dojos_previous, 0) AS timed_dojos_previous,
  coalesce(d.recordings, 0) AS recordings,
  coalesce(d.recordings_previous, 0) AS recordings_previous,
  coalesce(a.participants, 0) AS participants,
  coalesce(a.participants_previous, 0) AS participants_previous,
  coalesce(m.messages, 0) AS messages,
  coalesce(m.messages_previous, 0) AS messages_previous,
  d.updated AS data_cut_off
FROM partition p
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
    count(seconds) FILTER (WHERE is_current) AS timed_dojos,
    count(seconds) FILTER (WHERE NOT is_current) AS timed_dojos_previous,
    (sum(recordings) FILTER (WHERE is_current))::bigint AS recordings,
    (sum(recordings) FILTER (WHERE NOT is_current))::bigint AS recordings_previous,
    greatest(max(updated) FILTER (WHERE is_current), max(recorded_at) FILTER (WHERE is_current))
      AS updated
  FROM dojo_facts
  GROUP BY tenant_id
) d ON d.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) FILTER (WHERE is_current) AS participants,
    count(*) FILTER (WHERE NOT is_current) AS participants_previous
  FROM (SELECT DISTINCT tenant_id, user_id, is_current FROM dojo_people) e
  GROUP BY tenant_id
) a ON a.tenant_id = p.tenant_id
LEFT JOIN (
  SELECT
    tenant_id,
    (sum(messages) FILTER (WHERE is_current))::bigint AS messages,
    (sum(messages) FILTER (WHERE NOT is_current))::bigint AS messages_previous
  FROM messages
  GROUP BY tenant_id
) m ON m.tenant_id = p.tenant_id
