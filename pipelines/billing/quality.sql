-- What was read, what does not fit, and what must not occur. A fatal rule must have no rows.
-- NaN and infinity are values of PostgreSQL's numeric; no sum survives them. NaN is above all numbers there.
-- An example is the key of a row and the value that does not fit.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, v.example
  FROM partition p
  LEFT JOIN (
    SELECT
      tenant_id,
      count(*) FILTER (WHERE is_current) AS payments,
      count(*) FILTER (WHERE is_current AND due_day IS NULL) AS of_unknown_due,
      count(*) FILTER (WHERE kind NOT IN ('charge', 'refund', 'dispute')) AS unknown_kind,
      min(format('%s %s', id, kind) COLLATE "C")
        FILTER (WHERE kind NOT IN ('charge', 'refund', 'dispute')) AS kind_example,
      count(*) FILTER (WHERE status NOT IN ('succeeded', 'failed', 'pending')) AS unknown_status,
      min(format('%s %s', id, status) COLLATE "C")
        FILTER (WHERE status NOT IN ('succeeded', 'failed', 'pending')) AS status_example,
      count(*) FILTER (WHERE NOT (total > -1e15 AND total < 1e15)) AS unusable,
      min(format('%s %s', id, total) COLLATE "C")
        FILTER (WHERE NOT (total > -1e15 AND total < 1e15)) AS unusable_example
    FROM payments
    GROUP BY tenant_id
  ) y ON y.tenant_id = p.tenant_id
  LEFT JOIN (
    -- A gateway can deliver a payment twice, seconds or hours apart. It cannot be told from one that was paid twice, so
    -- both count. The first of several that are alike is not counted here.
    SELECT
      tenant_id,
      count(*) FILTER (WHERE kind = 'charge') AS charges,
      min(format('%s %s', id, invoice_number) COLLATE "C") FILTER (WHERE kind = 'charge') AS charge_example,
      count(*) FILTER (WHERE kind IN ('refund', 'dispute')) AS refunds,
      min(format('%s %s', id, invoice_number) COLLATE "C") FILTER (WHERE kind IN ('refund', 'dispute'))
        AS refund_example
    FROM (
      SELECT
        tenant_id, id, invoice_number, kind, is_current,
        created < lag(created) OVER (
          PARTITION BY tenant_id, billing_id, invoice_number, attempt, kind, status, total, currency, gateway
          ORDER BY created, id) + interval '1 day' AS is_alike
      FROM payments
      WHERE status <> 'failed'
    ) y
    WHERE is_current AND is_alike
    GROUP BY tenant_id
  ) a ON a.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT tenant_id, count(*) AS events, min(format('%s %s', id, kind) COLLATE "C") AS example
    FROM (
      SELECT
        e.tenant_id, e.id, e.kind, e.at >= p.starts_at AS is_current,
        e.at < lag(e.at) OVER (
          PARTITION BY e.tenant_id, e.billing_id, e.kind, e.plan, e.price, e.currency ORDER BY e.at, e.id)
          + interval '1 day' AS is_alike
      FROM partition p
      JOIN billing_events e ON e.tenant_id = p.tenant_id
    ) e
    WHERE is_current AND is_alike
    GROUP BY tenant_id
  ) b ON b.tenant_id = p.tenant_id
  LEFT JOIN (
    -- They belong to no period.
    SELECT p.tenant_id, count(*) AS payments
    FROM partition p
    JOIN payment y ON y.tenantid = p.tenant_id
      AND (y.created < p.known_from OR y.created >= p.known_until)
    GROUP BY p.tenant_id
  ) u ON u.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT p.tenant_id, count(*) AS events
    FROM partition p
    JOIN billing_event e ON e.tenantid = p.tenant_id AND (e.at < p.known_from OR e.at >= p.known_until)
    GROUP BY p.tenant_id
  ) w ON w.tenant_id = p.tenant_id
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
      min(format('%s %s', e.id, e.kind) COLLATE "C") FILTER (
        WHERE e.kind NOT IN ('created', 'changed', 'cancelled', 'expired', 'reactivated'))
        AS event_example,
      count(*) FILTER (WHERE e.plan NOT IN ('M', 'Y')) AS unknown_plan,
      min(format('%s %s', e.id, e.plan) COLLATE "C") FILTER (WHERE e.plan NOT IN ('M', 'Y'))
        AS plan_example,
      count(*) FILTER (WHERE NOT (e.price > -1e15 AND e.price < 1e15)) AS unusable,
      min(format('%s %s', e.id, e.price) COLLATE "C")
        FILTER (WHERE NOT (e.price > -1e15 AND e.price < 1e15)) AS unusable_example,
      count(*) FILTER (WHERE e.at >= p.starts_at AND b.id IS NULL) AS foreign_billing
    FROM partition p
    JOIN billing_events e ON e.tenant_id = p.tenant_id
    LEFT JOIN billing b ON b.tenantid = e.tenant_id AND b.id = e.billing_id
    GROUP BY e.tenant_id
  ) e ON e.tenant_id = p.tenant_id
  LEFT JOIN (
    SELECT
      c.tenant_id, count(*) AS unknown_currency, min(format('%s %s', c.id, rtrim(c.currency)) COLLATE "C") AS example
    FROM (
      SELECT tenant_id, currency, NULL::uuid AS id FROM partition
      UNION ALL
      SELECT tenant_id, currency, id FROM billing_events
      UNION ALL
      SELECT tenant_id, currency, id FROM payments
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
      count(*) FILTER (WHERE s.expires < p.known_from) AS of_unknown_expiry,
      count(*) FILTER (WHERE s.plan NOT IN ('M', 'Y')) AS unknown_plan,
      min(format('%s %s', s.billing_id, s.plan) COLLATE "C") FILTER (WHERE s.plan NOT IN ('M', 'Y'))
        AS plan_example,
      count(*) FILTER (WHERE NOT (s.price > -1e15 AND s.price < 1e15)) AS unusable,
      min(format('%s %s', s.billing_id, s.price) COLLATE "C")
        FILTER (WHERE NOT (s.price > -1e15 AND s.price < 1e15)) AS unusable_example
    FROM partition p
    JOIN subscriptions s ON s.tenant_id = p.tenant_id
    GROUP BY p.tenant_id
  ) s ON s.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'payments_read', coalesce(y.payments, 0), false, NULL),
      (2, 'events_read', coalesce(e.events, 0), false, NULL),
      (3, 'payments_of_other_subscriptions', coalesce(f.foreign_billing, 0), false, NULL),
      (4, 'events_of_other_subscriptions', coalesce(e.foreign_billing, 0), false, NULL),
      (5, 'refunds_without_charge', coalesce(r.without_charge, 0), false, NULL),
      (6, 'invoices_overpaid', coalesce(i.overpaid, 0), false, NULL),
      (7, 'subscriptions_without_history', coalesce(s.without_history, 0), false, NULL),
      (8, 'subscriptions_active_past_expiry', coalesce(s.active_past_expiry, 0), false, NULL),
      (9, 'changes_after_end', coalesce(e.changed_after_end, 0), false, NULL),
      (10, 'charges_alike', coalesce(a.charges, 0), false, a.charge_example),
      (11, 'refunds_alike', coalesce(a.refunds, 0), false, a.refund_example),
      (12, 'events_alike', coalesce(b.events, 0), false, b.example),
      (13, 'payments_of_unknown_due', coalesce(y.of_unknown_due, 0), false, NULL),
      (14, 'payments_of_unknown_day', coalesce(u.payments, 0), false, NULL),
      (15, 'events_of_unknown_day', coalesce(w.events, 0), false, NULL),
      (16, 'subscriptions_of_unknown_expiry', coalesce(s.of_unknown_expiry, 0), false, NULL),
      (17, 'unknown_plan', coalesce(e.unknown_plan, 0) + coalesce(s.unknown_plan, 0), true,
        coalesce(e.plan_example, s.plan_example)),
      (18, 'unknown_event', coalesce(e.unknown_event, 0), true, e.event_example),
      (19, 'unknown_kind', coalesce(y.unknown_kind, 0), true, y.kind_example),
      (20, 'unknown_status', coalesce(y.unknown_status, 0), true, y.status_example),
      (21, 'unknown_currency', coalesce(c.unknown_currency, 0), true, c.example),
      (22, 'unusable_value',
        coalesce(y.unusable, 0) + coalesce(e.unusable, 0) + coalesce(s.unusable, 0), true,
        coalesce(y.unusable_example, e.unusable_example, s.unusable_example))
  ) AS v(position, rule, rows, fatal, example)
) q
