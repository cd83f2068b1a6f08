-- What was read, what is missing in it, and what was left out and why. A fatal rule allows no row.
SELECT tenant_id, position, rule, rows, fatal
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal
  FROM partition p
  LEFT JOIN (
    SELECT
      c.tenant_id,
      sum(c.pocs)::bigint AS pocs,
      sum(c.without_language)::bigint AS without_language,
      sum(c.without_description)::bigint AS without_description,
      (sum(c.pocs) FILTER (WHERE w.user_id IS NULL))::bigint AS of_guests,
      (sum(c.pocs) FILTER (WHERE w.user_id IS NOT NULL AND w.name IS NULL))::bigint AS of_hidden
    FROM (
      SELECT
        p.tenant_id, c.userid AS user_id, count(*) AS pocs,
        count(*) FILTER (WHERE btrim(coalesce(c.language, '')) = '') AS without_language,
        count(*) FILTER (WHERE btrim(coalesce(c.description, '')) = '') AS without_description
      FROM partition p
      JOIN pocuser c ON c.tenantid = p.tenant_id
        AND c.created >= p.starts_at AND c.created < p.cutoff_at
      GROUP BY p.tenant_id, c.userid
    ) c
    LEFT JOIN people w ON w.tenant_id = c.tenant_id AND w.user_id = c.user_id
    GROUP BY c.tenant_id
  ) c ON c.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) AS dojos,
      count(*) FILTER (WHERE recordings = 0) AS without_recording,
      count(*) FILTER (WHERE recordings > 0 AND seconds IS NULL) AS of_unknown_length,
      coalesce(sum(guests), 0)::bigint AS guests,
      count(*) FILTER (WHERE recordings > 0 AND media_key IS NULL) AS not_shown
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
    SELECT p.tenant_id, count(*) AS foreign_poc
    FROM partition p
    JOIN poc_screenshot s ON s.tenantid = p.tenant_id
      AND s.created >= p.starts_at AND s.created < p.cutoff_at
    WHERE NOT EXISTS (SELECT FROM pocuser o WHERE o.tenantid = p.tenant_id AND o.id = s.pocid)
    GROUP BY p.tenant_id
  ) s ON s.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS unknown
    FROM partition p
    JOIN pocuser c ON c.tenantid = p.tenant_id
      AND c.created >= p.starts_at AND c.created < p.cutoff_at
    WHERE c.favorite NOT IN ('N', 'Y')
    GROUP BY p.tenant_id
  ) u ON u.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS unknown
    FROM partition p
    JOIN "user" o ON o.tenantid = p.tenant_id AND o.created < p.cutoff_at
    WHERE o.privacy NOT IN ('names', 'initials', 'none')
    GROUP BY p.tenant_id
  ) n ON n.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'pocs_read', coalesce(c.pocs, 0), false),
      (2, 'dojos_read', coalesce(d.dojos, 0), false),
      (3, 'pocs_without_language', coalesce(c.without_language, 0), false),
      (4, 'pocs_without_description', coalesce(c.without_description, 0), false),
      (5, 'pocs_of_hidden', coalesce(c.of_hidden, 0), false),
      (6, 'pocs_of_guests', coalesce(c.of_guests, 0), false),
      (7, 'guests_in_dojos', coalesce(d.guests, 0), false),
      (8, 'dojos_inactive', coalesce(i.inactive, 0), false),
      (9, 'dojos_without_recording', coalesce(d.without_recording, 0), false),
      (10, 'dojos_of_unknown_length', coalesce(d.of_unknown_length, 0), false),
      (11, 'recordings_without_end', coalesce(r.without_end, 0), false),
      (12, 'recordings_end_before_start', coalesce(r.end_before_start, 0), false),
      (13, 'recordings_not_shown', coalesce(d.not_shown, 0), false),
      (14, 'recordings_of_other_rooms', coalesce(f.foreign_room, 0), false),
      (15, 'screenshots_of_other_pocs', coalesce(s.foreign_poc, 0), false),
      (16, 'unknown_favorite', coalesce(u.unknown, 0), true),
      (17, 'unknown_room_status', coalesce(i.unknown, 0), true),
      (18, 'unknown_privacy', coalesce(n.unknown, 0), true)
  ) AS v(position, rule, rows, fatal)
) q
