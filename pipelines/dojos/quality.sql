-- What was read, what is missing in it, and what was left out and why. A fatal rule allows no row.
SELECT tenant_id, position, rule, rows, fatal
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal
  FROM partition p
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) AS dojos,
      count(*) FILTER (WHERE recordings = 0) AS without_recording,
      count(*) FILTER (WHERE recordings > 0 AND seconds IS NULL) AS of_unknown_length,
      coalesce(sum(guests), 0)::bigint AS guests,
      coalesce(sum(hidden), 0)::bigint AS hidden
    FROM sessions
    WHERE is_current
    GROUP BY tenant_id
  ) d ON d.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      p.tenant_id,
      count(*) FILTER (WHERE r.status = 'I') AS inactive,
      count(*) FILTER (WHERE r.status NOT IN ('A', 'I')) AS unknown
    FROM partition p
    JOIN room r ON r.tenantid = p.tenant_id
      AND r.date >= p.starts_at AND r.date < p.cutoff_at AND r.created < p.cutoff_at
    GROUP BY p.tenant_id
  ) i ON i.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      d.tenant_id,
      count(*) AS recordings,
      count(*) FILTER (WHERE r.stopped IS NULL) AS without_end,
      count(*) FILTER (WHERE r.stopped < r.started) AS end_before_start
    FROM recordings r
    JOIN dojos d ON d.tenant_id = r.tenant_id AND d.id = r.dojo_id
    WHERE d.is_current
    GROUP BY d.tenant_id
  ) r ON r.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS foreign_room
    FROM partition p
    JOIN dojo_recording r ON r.tenantid = p.tenant_id
      AND r.started >= p.starts_at AND r.started < p.cutoff_at AND r.created < p.cutoff_at
    WHERE NOT EXISTS (SELECT FROM room o WHERE o.tenantid = p.tenant_id AND o.id = r.roomid)
    GROUP BY p.tenant_id
  ) f ON f.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      d.tenant_id,
      count(*) FILTER (WHERE m.message_status = 'A') AS messages,
      count(*) FILTER (WHERE m.message_status = 'R') AS removed,
      count(*) FILTER (WHERE m.message_status NOT IN ('A', 'R')) AS unknown
    FROM partition p
    JOIN dojos d ON d.tenant_id = p.tenant_id AND d.is_current
    JOIN message m ON m.tenantid = d.tenant_id AND m.roomid = d.id AND m.created < p.cutoff_at
    GROUP BY d.tenant_id
  ) m ON m.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS unknown
    FROM partition p
    JOIN "user" o ON o.tenantid = p.tenant_id AND o.created < p.cutoff_at
    WHERE o.privacy NOT IN ('names', 'initials', 'none')
    GROUP BY p.tenant_id
  ) n ON n.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'dojos_read', coalesce(d.dojos, 0), false),
      (2, 'recordings_read', coalesce(r.recordings, 0), false),
      (3, 'messages_read', coalesce(m.messages, 0), false),
      (4, 'messages_removed', coalesce(m.removed, 0), false),
      (5, 'dojos_inactive', coalesce(i.inactive, 0), false),
      (6, 'dojos_without_recording', coalesce(d.without_recording, 0), false),
      (7, 'dojos_of_unknown_length', coalesce(d.of_unknown_length, 0), false),
      (8, 'recordings_without_end', coalesce(r.without_end, 0), false),
      (9, 'recordings_end_before_start', coalesce(r.end_before_start, 0), false),
      (10, 'recordings_of_other_rooms', coalesce(f.foreign_room, 0), false),
      (11, 'hidden_in_dojos', coalesce(d.hidden, 0), false),
      (12, 'guests_in_dojos', coalesce(d.guests, 0), false),
      (13, 'unknown_room_status', coalesce(i.unknown, 0), true),
      (14, 'unknown_message_status', coalesce(m.unknown, 0), true),
      (15, 'unknown_privacy', coalesce(n.unknown, 0), true)
  ) AS v(position, rule, rows, fatal)
) q
