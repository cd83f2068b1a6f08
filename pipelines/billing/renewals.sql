-- Subscriptions that expire within 30, 60 and 90 days of the report: those that renew and those that end.
-- The 60 days include the 30 days, the 90 days include both.
SELECT
  c.tenant_id,
  (c.position - 1) * 3 + h.days / 30 AS position,
  c.currency, h.days,
  count(*) FILTER (WHERE s.renews) AS renewals,
  coalesce(sum(s.price) FILTER (WHERE s.renews), 0.00) AS renewals_total,
  count(*) FILTER (WHERE NOT s.renews) AS endings,
  coalesce(sum(s.price) FILTER (WHERE NOT s.renews), 0.00) AS endings_total
FROM partition p
JOIN currencies c ON c.tenant_id = p.tenant_id
CROSS JOIN (VALUES (30), (60), (90)) AS h(days)
LEFT JOIN subscriptions s ON s.tenant_id = c.tenant_id AND s.currency = c.currency
  AND s.subscription_state IN ('active', 'past_due')
  AND s.expires_day >= p.as_of AND s.expires_day < p.as_of + h.days
GROUP BY c.tenant_id, c.position, c.currency, h.days
