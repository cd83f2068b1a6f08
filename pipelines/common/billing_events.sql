-- The history of each subscription: its monthly recurring revenue (MRR) before and after each event.
-- A price is per month (M) or per year (Y, divided by 12, four decimals). After 'cancelled' or 'expired'
-- the MRR is zero until 'created' or 'reactivated'; 'changed' alone does not bring it back.
-- An unknown plan or kind gives NULL here and a fatal row in data quality.
SELECT
  e.*,
  coalesce(lag(e.mrr) OVER w, 0.0000) AS mrr_before,
  lag(e.currency) OVER w AS currency_before,
  coalesce(bool_or(e.mrr > 0) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), false)
    AS was_paying,
  lead(e.at) OVER w AS until
FROM (
  SELECT
    s.*,
    CASE
      WHEN s.state_kind IN ('cancelled', 'expired') THEN 0.0000
      WHEN s.plan = 'M' THEN round(s.price, 4)
      WHEN s.plan = 'Y' THEN round(s.price / 12, 4)
    END AS mrr
  FROM (
    SELECT
      g.*,
      first_value(g.kind) OVER (
        PARTITION BY g.tenant_id, g.billing_id, g.episode ORDER BY g.place) AS state_kind
    FROM (
      SELECT
        o.*,
        count(*) FILTER (WHERE o.kind <> 'changed') OVER (
          PARTITION BY o.tenant_id, o.billing_id ORDER BY o.place) AS episode
      FROM (
        SELECT
          p.tenant_id,
          e.id, e.billingid AS billing_id, e.kind, e.plan::text AS plan, e.price,
          e.currency::text AS currency, e.at,
          row_number() OVER (
            PARTITION BY p.tenant_id, e.billingid
            ORDER BY e.at, e.kind <> 'created', e.id) AS place
        FROM partition p
        JOIN billing_event e ON e.tenantid = p.tenant_id AND e.at < p.cutoff_at
      ) o
    ) g
  ) s
) e
WINDOW w AS (PARTITION BY e.tenant_id, e.billing_id ORDER BY e.place)
