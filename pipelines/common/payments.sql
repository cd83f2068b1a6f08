-- All payments of a tenant before the cut-off, from the first one on, because an old invoice may be open.
SELECT
  p.tenant_id,
  y.id, y.billingid AS billing_id, y.total, y.currency::text AS currency,
  y.payment_gateway::text AS gateway, y.kind, y.status, y.attempt, y.invoice_number, y.due, y.created,
  (y.due AT TIME ZONE p.time_zone)::date AS due_day,
  (y.created AT TIME ZONE p.time_zone)::date AS created_day,
  y.created >= p.starts_at AS is_current,
  y.created >= p.previous_starts_at AND y.created < p.previous_ends_at AS is_previous,
  y.created < p.previous_ends_at AS is_earlier
FROM partition p
JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
