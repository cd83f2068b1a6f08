-- The days on which something was said.
SELECT
  tenant_id, day,
  count(DISTINCT conversation) AS conversations,
  count(*) AS messages,
  count(*) FILTER (WHERE direction = 'received') AS received,
  count(*) FILTER (WHERE direction = 'sent') AS sent,
  count(*) FILTER (WHERE is_first) AS begun,
  count(*) FILTER (WHERE is_last AND direction = 'received') AS unanswered
FROM spoken
WHERE is_current
GROUP BY tenant_id, day
