-- What was read, what does not fit, and what must not occur. A fatal rule must have no rows.
-- NaN and infinity are values of PostgreSQL's numeric; no sum survives them. NaN is above all numbers there.
SELECT tenant_id, position, rule, rows, fatal
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal
  FROM partition p
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) FILTER (WHERE is_current) AS payments,
      count(*) FILTER (WHERE kind NOT IN ('charge', 'refund', 'dispute')) AS unknown_kind,
      count(*) FILTER (WHERE status NOT IN ('succeeded', 'failed', 'pending')) AS unknown_status,
      count(*) FILTER (
        WHERE NOT (total > -1e15 AND total < 1e15) OR NOT isfinite(due) OR NOT isfinite(created))
        AS unusable
    FROM payments
    GROUP BY tenant_id
  ) y ON y.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT y.tenant_id, count(*) AS foreign_billing
    FROM payments y
    WHERE y.is_current AND NOT EXISTS (
      SELECT FROM billing b WHERE b.tenantid = y.tenant_id AND b.id = y.billing_id)
    GROUP BY y.tenant_id
  ) f ON f.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT y.tenant_id, count(*) AS without_charge
    FROM payments y
    LEFT JOIN invoices i ON i.tenant_id = y.tenant_id AND i.billing_id = y.billing_id
      AND i.invoice_number = y.invoice_number AND i.currency = y.currency AND i.has_succeeded
    WHERE y.is_current AND y.kind IN ('refund', 'dispute') AND i.tenant_id IS NULL
    GROUP BY y.tenant_id
  ) r ON r.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT tenant_id, count(*) FILTER (WHERE balance < 0) AS overpaid
    FROM invoices
    GROUP BY tenant_id
  ) i ON i.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      e.tenant_id,
      count(*) FILTER (WHERE e.at >= p.starts_at) AS events,
      count(*) FILTER (
        WHERE e.kind = 'changed' AND e.state_kind IN ('cancelled', 'expired')) AS changed_after_end,
      count(*) FILTER (
        WHERE e.kind NOT IN ('created', 'changed', 'cancelled', 'expired', 'reactivated'))
        AS unknown_event,
      count(*) FILTER (WHERE e.plan NOT IN ('M', 'Y')) AS unknown_plan,
      count(*) FILTER (WHERE NOT (e.price > -1e15 AND e.price < 1e15) OR NOT isfinite(e.at))
        AS unusable,
      count(*) FILTER (WHERE e.at >= p.starts_at AND b.id IS NULL) AS foreign_billing
    FROM partition p
    JOIN billing_events e ON e.tenant_id = p.tenant_id
    LEFT JOIN billing b ON b.tenantid = e.tenant_id AND b.id = e.billing_id
    GROUP BY e.tenant_id
  ) e ON e.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT c.tenant_id, count(*) AS unknown_currency
    FROM (
      SELECT tenant_id, currency FROM partition
      UNION ALL
      SELECT tenant_id, currency FROM billing_events
      UNION ALL
      SELECT tenant_id, currency FROM payments
    ) c
    LEFT JOIN known_currencies k ON k.currency = c.currency
    WHERE k.currency IS NULL
    GROUP BY c.tenant_id
  ) c ON c.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      p.tenant_id,
      count(*) FILTER (WHERE s.subscription_state = 'unknown') AS without_history,
      count(*) FILTER (
        WHERE s.subscription_state IN ('active', 'past_due') AND s.expires_day < p.as_of)
        AS active_past_expiry,
      count(*) FILTER (WHERE s.plan NOT IN ('M', 'Y')) AS unknown_plan,
      count(*) FILTER (WHERE NOT (s.price > -1e15 AND s.price < 1e15)) AS unusable
    FROM partition p
    JOIN subscriptions s ON s.tenant_id = p.tenant_id
    GROUP BY p.tenant_id
  ) s ON s.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'payments_read', coalesce(y.payments, 0), false),
      (2, 'events_read', coalesce(e.events, 0), false),
      (3, 'payments_of_other_subscriptions', coalesce(f.foreign_billing, 0), false),
      (4, 'events_of_other_subscriptions', coalesce(e.foreign_billing, 0), false),
      (5, 'refunds_without_charge', coalesce(r.without_charge, 0), false),
      (6, 'invoices_overpaid', coalesce(i.overpaid, 0), false),
      (7, 'subscriptions_without_history', coalesce(s.without_history, 0), false),
      (8, 'subscriptions_active_past_expiry', coalesce(s.active_past_expiry, 0), false),
      (9, 'changes_after_end', coalesce(e.changed_after_end, 0), false),
      (10, 'unknown_plan', coalesce(e.unknown_plan, 0) + coalesce(s.unknown_plan, 0), true),
      (11, 'unknown_event', coalesce(e.unknown_event, 0), true),
      (12, 'unknown_kind', coalesce(y.unknown_kind, 0), true),
      (13, 'unknown_status', coalesce(y.unknown_status, 0), true),
      (14, 'unknown_currency', coalesce(c.unknown_currency, 0), true),
      (15, 'unusable_value',
        coalesce(y.unusable, 0) + coalesce(e.unusable, 0) + coalesce(s.unusable, 0), true)
  ) AS v(position, rule, rows, fatal)
) q
