-- What was read, what is unusual, and what was left out and why. A fatal rule must have no rows. No example is
-- given: a message's key leads to its text.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, NULL::text AS example
  FROM partition p
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) FILTER (WHERE is_current) AS messages,
      count(*) FILTER (WHERE is_current AND archived) AS archived,
      count(*) FILTER (WHERE is_current AND coalesce(characters, 0) = 0) AS without_text
    FROM spoken
    GROUP BY tenant_id
  ) s ON s.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      r.tenant_id,
      count(*) FILTER (WHERE m.sent < r.known_from OR m.sent IS NULL) AS of_unknown_day,
      count(*) FILTER (WHERE m.sent >= r.starts_at AND m.sent < r.cutoff_at AND m.is_to_itself) AS to_itself,
      count(*) FILTER (
        WHERE m.sent >= r.starts_at AND m.sent < r.cutoff_at
          AND (m.conversation IS NULL OR m.direction IS NULL OR m.direction NOT IN ('sent', 'received'))
      ) AS without_conversation,
      count(m.id) - count(DISTINCT m.id) AS twice
    FROM partition r
    JOIN message m ON m.tenant_id = r.tenant_id
    GROUP BY r.tenant_id
  ) m ON m.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'messages_read', coalesce(s.messages, 0), false),
      (2, 'messages_archived', coalesce(s.archived, 0), false),
      (3, 'messages_without_text', coalesce(s.without_text, 0), false),
      (4, 'messages_to_itself', coalesce(m.to_itself, 0), false),
      (5, 'messages_of_unknown_day', coalesce(m.of_unknown_day, 0), false),
      (6, 'messages_without_conversation', coalesce(m.without_conversation, 0), false),
      (7, 'messages_twice', coalesce(m.twice, 0), true)
  ) AS v(position, rule, rows, fatal)
) q
