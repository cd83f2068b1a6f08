-- The figures of the period and of the days before, one row per bot.
SELECT
  p.tenant_id,
  coalesce(s.conversations, 0) AS conversations,
  coalesce(s.conversations_previous, 0) AS conversations_previous,
  coalesce(s.begun, 0) AS begun,
  coalesce(s.begun_previous, 0) AS begun_previous,
  coalesce(s.clients, 0) AS clients,
  coalesce(s.clients_previous, 0) AS clients_previous,
  coalesce(s.received, 0) AS received,
  coalesce(s.received_previous, 0) AS received_previous,
  coalesce(s.sent, 0) AS sent,
  coalesce(s.sent_previous, 0) AS sent_previous,
  coalesce(s.answers, 0) AS answers,
  coalesce(s.first_answers, 0) AS first_answers,
  coalesce(s.unanswered, 0) AS unanswered,
  coalesce(s.unanswered_previous, 0) AS unanswered_previous,
  s.first_median, s.first_median_previous, s.first_p90, s.first_p90_previous,
  s.answer_median, s.answer_median_previous, s.answer_p90, s.answer_p90_previous,
  s.received_length, s.sent_length,
  s.latest AS data_cut_off
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(DISTINCT conversation) FILTER (WHERE is_current) AS conversations,
    count(DISTINCT conversation) FILTER (WHERE is_previous) AS conversations_previous,
    count(*) FILTER (WHERE is_current AND is_first) AS begun,
    count(*) FILTER (WHERE is_previous AND is_first) AS begun_previous,
    count(DISTINCT client) FILTER (WHERE is_current AND direction = 'received') AS clients,
    count(DISTINCT client) FILTER (WHERE is_previous AND direction = 'received') AS clients_previous,
    count(*) FILTER (WHERE is_current AND direction = 'received') AS received,
    count(*) FILTER (WHERE is_previous AND direction = 'received') AS received_previous,
    count(*) FILTER (WHERE is_current AND direction = 'sent') AS sent,
    count(*) FILTER (WHERE is_previous AND direction = 'sent') AS sent_previous,
    count(waited) FILTER (WHERE is_current) AS answers,
    count(*) FILTER (WHERE is_current AND is_first_answer) AS first_answers,
    count(*) FILTER (WHERE is_current AND is_last AND direction = 'received') AS unanswered,
    count(*) FILTER (WHERE is_previous AND was_last AND direction = 'received') AS unanswered_previous,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited)
      FILTER (WHERE is_current AND is_first_answer) AS first_median,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited)
      FILTER (WHERE is_previous AND is_first_answer) AS first_median_previous,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited)
      FILTER (WHERE is_current AND is_first_answer) AS first_p90,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited)
      FILTER (WHERE is_previous AND is_first_answer) AS first_p90_previous,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_current) AS answer_median,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_previous)
      AS answer_median_previous,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_current) AS answer_p90,
    percentile_disc(0.9) WITHIN GROUP (ORDER BY waited) FILTER (WHERE is_previous)
      AS answer_p90_previous,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY characters)
      FILTER (WHERE is_current AND direction = 'received' AND characters > 0) AS received_length,
    percentile_disc(0.5) WITHIN GROUP (ORDER BY characters)
      FILTER (WHERE is_current AND direction = 'sent' AND characters > 0) AS sent_length,
    max(sent) FILTER (WHERE is_current) AS latest
  FROM spoken
  GROUP BY tenant_id
) s ON s.tenant_id = p.tenant_id
