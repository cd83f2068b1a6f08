-- All payments of a tenant before the cut-off, from the first one on, because an old invoice may be open.
-- A due day that is unknown, or that never comes, is NULL.
SELECT
  p.tenant_id,
  y.id, y.billingid AS billing_id, y.total, y.currency::text AS currency,
  y.payment_gateway::text AS gateway, y.kind, y.status, y.attempt, y.invoice_number, y.created,
  CASE WHEN y.due >= p.known_from AND y.due < p.known_until THEN (y.due AT TIME ZONE p.time_zone)::date END
    AS due_day,
  CASE WHEN y.created >= p.known_from THEN (y.created AT TIME ZONE p.time_zone)::date END AS created_day,
  y.created >= p.starts_at AS is_current,
  y.created >= p.previous_starts_at AND y.created < p.previous_ends_at AS is_previous,
  y.created < p.previous_ends_at AS is_earlier
FROM partition p
JOIN payment y ON y.tenantid = p.tenant_id AND y.created < p.cutoff_at
