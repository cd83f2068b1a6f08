-- A tenant's subscriptions by their history up to the cut-off; one without a history is 'unknown' and is
-- not counted. Expiry and renewal have no history: they are the present values, and NULL if only the
-- history belongs to this tenant. A subscription without an end has no day of expiry.
SELECT
  p.tenant_id,
  s.billing_id,
  b.id AS own_id,
  b.paymentgateway::text AS gateway,
  coalesce(e.plan, b.plan::text) AS plan,
  coalesce(e.price, b.price) AS price,
  coalesce(e.currency, p.currency) AS currency,
  coalesce(e.mrr, 0.0000) AS mrr,
  CASE
    WHEN e.state_kind IS NULL THEN 'unknown'
    WHEN e.state_kind IN ('cancelled', 'expired') THEN e.state_kind
    WHEN o.overdue > 0 THEN 'past_due'
    WHEN e.state_kind IN ('created', 'reactivated', 'changed') THEN 'active'
    ELSE 'unknown'
  END AS subscription_state,
  e.since,
  CASE WHEN e.since >= p.known_from THEN (e.since AT TIME ZONE p.time_zone)::date END AS since_day,
  b.expirationdate AS expires,
  CASE WHEN b.expirationdate >= p.known_from AND b.expirationdate < p.known_until
    THEN (b.expirationdate AT TIME ZONE p.time_zone)::date END AS expires_day,
  b.autorenew = 1 AS renews
FROM partition p
JOIN (
  SELECT q.tenant_id, c.id AS billing_id
  FROM partition q
  JOIN billing c ON c.tenantid = q.tenant_id AND c.created < q.cutoff_at
  UNION
  SELECT tenant_id, billing_id FROM billing_events
) s ON s.tenant_id = p.tenant_id
LEFT JOIN billing b ON b.tenantid = p.tenant_id AND b.id = s.billing_id
LEFT JOIN (
  SELECT tenant_id, billing_id, plan, price, currency, mrr, state_kind, at AS since
  FROM billing_events
  WHERE until IS NULL
) e ON e.tenant_id = p.tenant_id AND e.billing_id = s.billing_id
LEFT JOIN (
  SELECT tenant_id, billing_id, sum(balance) AS overdue
  FROM open_invoices
  WHERE bucket <> 'not_due'
  GROUP BY tenant_id, billing_id
) o ON o.tenant_id = p.tenant_id AND o.billing_id = s.billing_id
