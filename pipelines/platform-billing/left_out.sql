-- Tenants whose billing cannot be counted, and why.
SELECT q.tenant_id, t.slug, t.name, q.rule, q.rows
FROM billing_quality q
JOIN tenant t ON t.id = q.tenant_id
WHERE q.fatal AND q.rows > 0
