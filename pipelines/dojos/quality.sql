-- What was read, what is missing, and what was left out and why. A fatal rule must have no rows. An example
-- is the key of a row and the value that does not fit.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, v.example
  FROM partition p
  JOIN dojo_quality d ON d.tenant_id = p.tenant_id
  JOIN account_quality a ON a.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      d.tenant_id,
      count(*) FILTER (WHERE m.message_status = 'A') AS messages,
      count(*) FILTER (WHERE m.message_status = 'R') AS removed,
      count(*) FILTER (WHERE m.message_status NOT IN ('A', 'R')) AS unknown_status,
      min(format('%s %s', m.id, m.message_status) COLLATE "C")
        FILTER (WHERE m.message_status NOT IN ('A', 'R')) AS status_example
    FROM partition p
    JOIN dojos d ON d.tenant_id = p.tenant_id AND d.is_current
    JOIN message m ON m.tenantid = d.tenant_id AND m.roomid = d.id AND m.created < p.cutoff_at
    GROUP BY d.tenant_id
  ) m ON m.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'dojos_read', d.dojos, false, NULL),
      (2, 'recordings_read', d.recordings, false, NULL),
      (3, 'messages_read', coalesce(m.messages, 0), false, NULL),
      (4, 'messages_removed', coalesce(m.removed, 0), false, NULL),
      (5, 'dojos_inactive', d.inactive, false, NULL),
      (6, 'dojos_without_recording', d.without_recording, false, NULL),
      (7, 'dojos_of_unknown_length', d.of_unknown_length, false, NULL),
      (8, 'recordings_without_end', d.without_end, false, NULL),
      (9, 'recordings_end_before_start', d.end_before_start, false, NULL),
      (10, 'recordings_of_other_rooms', d.foreign_room, false, NULL),
      (11, 'hidden_in_dojos', d.hidden, false, NULL),
      (12, 'guests_in_dojos', d.guests, false, NULL),
      (13, 'recordings_without_start', d.without_start, false, NULL),
      (14, 'dojos_of_unknown_day', d.of_unknown_day, false, NULL),
      (15, 'recordings_alike', d.alike, false, NULL),
      (16, 'unknown_room_status', d.unknown_status, true, d.status_example),
      (17, 'unknown_message_status', coalesce(m.unknown_status, 0), true, m.status_example),
      (18, 'unknown_privacy', a.unknown_privacy, true, a.privacy_example)
  ) AS v(position, rule, rows, fatal, example)
) q
