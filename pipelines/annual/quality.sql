-- What was read, what is missing, and what was left out and why. A fatal rule must have no rows.
SELECT tenant_id, position, rule, rows, fatal
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal
  FROM partition p
  JOIN dojo_quality d ON d.tenant_id = p.tenant_id
  JOIN account_quality a ON a.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      c.tenant_id,
      sum(c.pocs)::bigint AS pocs,
      sum(c.without_language)::bigint AS without_language,
      sum(c.without_description)::bigint AS without_description,
      sum(c.unknown_favorite)::bigint AS unknown_favorite,
      (sum(c.pocs) FILTER (WHERE w.user_id IS NULL))::bigint AS of_guests,
      (sum(c.pocs) FILTER (WHERE w.user_id IS NOT NULL AND w.name IS NULL))::bigint AS of_hidden
    FROM (
      SELECT
        p.tenant_id, c.userid AS user_id, count(*) AS pocs,
        count(*) FILTER (WHERE coalesce(c.language, '') !~
          '[^ \u0001-\u001F\u007F-\u00A0\u00AD\u061C\u1680\u180E\u2000-\u200B\u200E\u200F\u2028-\u202F\u205F-\u206F\u3000\u3164\uFEFF]')
          AS without_language,
        count(*) FILTER (WHERE btrim(coalesce(c.description, '')) = '') AS without_description,
        count(*) FILTER (WHERE c.favorite NOT IN ('N', 'Y')) AS unknown_favorite
      FROM partition p
      JOIN pocuser c ON c.tenantid = p.tenant_id
        AND c.created >= p.starts_at AND c.created < p.cutoff_at
      GROUP BY p.tenant_id, c.userid
    ) c
    LEFT JOIN people w ON w.tenant_id = c.tenant_id AND w.user_id = c.user_id
    GROUP BY c.tenant_id
  ) c ON c.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS foreign_poc
    FROM partition p
    JOIN poc_screenshot s ON s.tenantid = p.tenant_id
      AND s.created >= p.starts_at AND s.created < p.cutoff_at
    WHERE NOT EXISTS (SELECT FROM pocuser o WHERE o.tenantid = p.tenant_id AND o.id = s.pocid)
    GROUP BY p.tenant_id
  ) s ON s.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'pocs_read', coalesce(c.pocs, 0), false),
      (2, 'dojos_read', d.dojos, false),
      (3, 'pocs_without_language', coalesce(c.without_language, 0), false),
      (4, 'pocs_without_description', coalesce(c.without_description, 0), false),
      (5, 'pocs_of_hidden', coalesce(c.of_hidden, 0), false),
      (6, 'pocs_of_guests', coalesce(c.of_guests, 0), false),
      (7, 'guests_in_dojos', d.guests, false),
      (8, 'dojos_inactive', d.inactive, false),
      (9, 'dojos_without_recording', d.without_recording, false),
      (10, 'dojos_of_unknown_length', d.of_unknown_length, false),
      (11, 'recordings_without_end', d.without_end, false),
      (12, 'recordings_end_before_start', d.end_before_start, false),
      (13, 'recordings_not_shown', d.not_shown, false),
      (14, 'recordings_of_other_rooms', d.foreign_room, false),
      (15, 'screenshots_of_other_pocs', coalesce(s.foreign_poc, 0), false),
      (16, 'unknown_favorite', coalesce(c.unknown_favorite, 0), true),
      (17, 'unknown_room_status', d.unknown_status, true),
      (18, 'unknown_privacy', a.unknown_privacy, true)
  ) AS v(position, rule, rows, fatal)
) q
