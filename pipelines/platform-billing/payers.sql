-- How many tenants pay. A tenant that pays in two currencies counts once.
SELECT
  NULL::uuid AS tenant_id,
  count(DISTINCT tenant_id) FILTER (WHERE mrr > 0) AS paying_tenants,
  count(DISTINCT tenant_id) FILTER (WHERE mrr_previous > 0) AS paying_tenants_previous
FROM billing_totals
JOIN sound USING (tenant_id)
