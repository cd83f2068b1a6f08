-- From the MRR at the start of the period to the MRR at its end, one row per currency.
SELECT
  NULL::uuid AS tenant_id, currency, sum(starts) AS starts, sum(new) AS new,
  sum(reactivation) AS reactivation, sum(expansion) AS expansion, sum(contraction) AS contraction,
  sum(churn) AS churn, sum(ends) AS ends
FROM billing_movement
JOIN sound USING (tenant_id)
GROUP BY currency
