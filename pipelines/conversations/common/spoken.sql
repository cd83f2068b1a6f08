-- The messages of all conversations in which something was said in the period or in the days before that
-- it is compared with: from the conversation's beginning up to the cut-off, in order.
--
-- A question is what a client writes until the bot answers. The bot's next message is its answer, and the
-- time to it counts from the question's first message. A message that answers nothing, such as a
-- notice, has no time.
SELECT
  w.tenant_id, w.id, w.conversation, w.client, w.sent, w.direction, w.characters, w.archived,
  (w.sent AT TIME ZONE w.time_zone)::date AS day,
  extract(isodow FROM w.sent AT TIME ZONE w.time_zone)::integer - 1 AS weekday,
  extract(hour FROM w.sent AT TIME ZONE w.time_zone)::integer AS hour,
  w.sent >= w.starts_at AS is_current,
  w.sent >= w.previous_starts_at AND w.sent < w.previous_ends_at AS is_previous,
  w.place = 1 AS is_first,
  -- The last word of the conversation, at the cut-off and at the end of the days before.
  w.next_sent IS NULL AS is_last,
  w.sent < w.previous_ends_at AND (w.next_sent IS NULL OR w.next_sent >= w.previous_ends_at) AS was_last,
  w.direction = 'sent' AND w.asked IS NOT NULL AND w.answers = 0 AS is_first_answer,
  CASE WHEN w.direction = 'sent' THEN floor(extract(epoch FROM w.sent - w.asked))::bigint END AS waited
FROM (
  SELECT
    o.*,
    min(o.sent) FILTER (WHERE o.direction = 'received')
      OVER (PARTITION BY o.tenant_id, o.conversation, o.answers) AS asked
  FROM (
    SELECT
      m.tenant_id, m.id, m.conversation, m.client, m.sent, m.direction, m.characters, m.archived,
      p.time_zone, p.starts_at, p.previous_starts_at, p.previous_ends_at,
      row_number() OVER conversation AS place,
      lead(m.sent) OVER conversation AS next_sent,
      -- How many messages the bot had sent before this one.
      count(*) FILTER (WHERE m.direction = 'sent')
        OVER (conversation ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS answers
    FROM partition p
    JOIN (
      SELECT DISTINCT q.tenant_id, q.conversation
      FROM partition r
      JOIN message q ON q.tenant_id = r.tenant_id
        AND q.sent >= r.previous_starts_at AND q.sent < r.cutoff_at
      WHERE q.conversation IS NOT NULL
    ) c ON c.tenant_id = p.tenant_id
    JOIN message m ON m.tenant_id = p.tenant_id AND m.conversation = c.conversation
      AND m.sent >= p.known_from AND m.sent < p.cutoff_at
      AND m.direction IN ('sent', 'received')
    WINDOW conversation AS (PARTITION BY m.tenant_id, m.conversation ORDER BY m.sent, m.id)
  ) o
) w
