-- The tenants whose billing can be counted. A tenant with a fatal row is left out, because its figures
-- would be a guess.
SELECT p.tenant_id, t.slug, t.name
FROM partition p
JOIN tenant t ON t.id = p.tenant_id
WHERE NOT EXISTS (
  SELECT FROM billing_quality q WHERE q.tenant_id = p.tenant_id AND q.fatal AND q.rows > 0)
