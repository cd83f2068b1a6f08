-- A tenant's own currency and those in its billing.
SELECT
  c.tenant_id,
  c.currency,
  row_number() OVER (
    PARTITION BY c.tenant_id ORDER BY c.currency <> p.currency, c.currency COLLATE "C") AS position
FROM partition p
JOIN (
  SELECT tenant_id, currency FROM partition
  UNION
  SELECT tenant_id, currency FROM billing_events
  UNION
  SELECT tenant_id, currency FROM payments
) c ON c.tenant_id = p.tenant_id
