-- How many tenants pay. One that pays in two currencies is one.
SELECT
  NULL::uuid AS tenant_id,
  count(DISTINCT tenant_id) FILTER (WHERE mrr > 0) AS paying_tenants,
  count(DISTINCT tenant_id) FILTER (WHERE mrr_previous > 0) AS paying_tenants_previous
FROM billing_totals
JOIN sound USING (tenant_id)
