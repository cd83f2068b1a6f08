-- The events of the period that changed the MRR.
SELECT
  m.tenant_id, (m.at AT TIME ZONE p.time_zone)::date AS at, m.at AS happened_at, m.id, b.paymentgateway::text AS gateway, m.kind AS event, m.movement, m.plan,
  m.price, m.currency, m.mrr_before, m.mrr_after, m.change
FROM partition p
JOIN mrr_movements m ON m.tenant_id = p.tenant_id AND m.at >= p.starts_at
LEFT JOIN billing b ON b.tenantid = m.tenant_id AND b.id = m.billing_id
