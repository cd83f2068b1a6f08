WITH t AS (
  SELECT
    id, timezone, currency::text AS currency,
    $4::timestamp AT TIME ZONE timezone AS p,
    -- The end of the same days of the period before; of all of them, if the period is over.
    CASE WHEN $5::date >= $3::date - 1 THEN $2::timestamp
      ELSE $5::timestamp - age($2::timestamp, $4::timestamp) + interval '1 day'
    END AT TIME ZONE timezone AS u,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e,
    least($3::date - 1, $5::date) AS as_of
  FROM app.tenant
  WHERE slug = $1
), pay AS (
  SELECT y.*, y.currency::text AS cur FROM t, app.payment y WHERE y.tenantid = t.id AND y.created < t.e
), ev AS (
  SELECT e.*, e.currency::text AS cur FROM t, app.billing_event e WHERE e.tenantid = t.id AND e.at < t.e
), at_end AS (
  -- The last event of each subscription, unless the last that was no mere change ended it.
  SELECT e.cur, CASE e.plan WHEN 'M' THEN e.price WHEN 'Y' THEN round(e.price / 12, 4) END AS mrr
  FROM ev e
  WHERE NOT EXISTS (SELECT FROM ev l WHERE l.billingid = e.billingid AND l.at > e.at)
    AND coalesce((SELECT l.kind FROM ev l WHERE l.billingid = e.billingid AND l.kind <> 'changed'
      ORDER BY l.at DESC LIMIT 1), 'created') NOT IN ('cancelled', 'expired')
), at_start AS (
  SELECT e.cur, CASE e.plan WHEN 'M' THEN e.price WHEN 'Y' THEN round(e.price / 12, 4) END AS mrr
  FROM t, ev e
  WHERE e.at < t.s
    AND NOT EXISTS (SELECT FROM ev l WHERE l.billingid = e.billingid AND l.at > e.at AND l.at < t.s)
    AND coalesce((SELECT l.kind FROM ev l WHERE l.billingid = e.billingid AND l.kind <> 'changed'
      AND l.at < t.s ORDER BY l.at DESC LIMIT 1), 'created') NOT IN ('cancelled', 'expired')
), invoice AS (
  SELECT DISTINCT
    y.billingid, y.invoice_number, y.cur,
    (SELECT max(x.total) FROM pay x WHERE x.kind = 'charge' AND x.billingid = y.billingid
      AND x.invoice_number = y.invoice_number AND x.cur = y.cur)
    - (SELECT coalesce(sum(x.total), 0) FROM pay x WHERE x.kind = 'charge' AND x.status = 'succeeded'
      AND x.billingid = y.billingid AND x.invoice_number = y.invoice_number AND x.cur = y.cur)
      AS balance,
    (SELECT min((x.due AT TIME ZONE t.timezone)::date) FROM pay x WHERE x.kind = 'charge'
      AND x.billingid = y.billingid AND x.invoice_number = y.invoice_number AND x.cur = y.cur) AS due
  FROM t, pay y
  WHERE y.kind = 'charge'
), first_try AS (
  SELECT y.* FROM pay y
  WHERE y.kind = 'charge' AND y.status IN ('succeeded', 'failed') AND NOT EXISTS (
    SELECT FROM pay x WHERE x.kind = 'charge' AND x.billingid = y.billingid
      AND x.invoice_number = y.invoice_number AND x.cur = y.cur
      AND (x.attempt, x.created, x.id) < (y.attempt, y.created, y.id))
)
SELECT
  c.cur AS currency,
  (SELECT coalesce(sum(mrr), 0) FROM at_end m WHERE m.cur = c.cur) AS mrr,
  (SELECT coalesce(sum(mrr), 0) FROM at_start m WHERE m.cur = c.cur) AS mrr_previous,
  (SELECT count(*) FROM at_end m WHERE m.cur = c.cur AND mrr > 0) AS subscriptions,
  (SELECT coalesce(sum(total), 0) FROM pay y WHERE y.cur = c.cur AND y.created >= t.s
    AND kind = 'charge' AND status = 'succeeded') AS gross,
  (SELECT coalesce(sum(total), 0) FROM pay y WHERE y.cur = c.cur AND y.created >= t.p
    AND y.created < t.u AND kind = 'charge' AND status = 'succeeded') AS gross_previous,
  (SELECT coalesce(sum(total), 0) FROM pay y WHERE y.cur = c.cur AND y.created >= t.s
    AND kind = 'refund' AND status = 'succeeded') AS refunds,
  (SELECT coalesce(sum(total), 0) FROM pay y WHERE y.cur = c.cur AND y.created >= t.s
    AND kind = 'dispute' AND status = 'succeeded') AS disputes,
  (SELECT coalesce(sum(CASE kind WHEN 'charge' THEN total ELSE -total END), 0) FROM pay y
    WHERE y.cur = c.cur AND y.created >= t.s AND status = 'succeeded') AS net,
  (SELECT count(*) FROM pay y WHERE y.cur = c.cur AND y.created >= t.s) AS payments,
  (SELECT coalesce(sum(total), 0) FROM first_try y WHERE y.cur = c.cur AND y.created >= t.s)
    AS first_attempts,
  (SELECT coalesce(sum(total), 0) FROM first_try y WHERE y.cur = c.cur AND y.created >= t.s
    AND status = 'failed') AS first_failed,
  (SELECT coalesce(sum(least(y.total, (SELECT sum(x.total) FROM pay x WHERE x.kind = 'charge'
      AND x.status = 'succeeded' AND x.billingid = y.billingid
      AND x.invoice_number = y.invoice_number AND x.cur = y.cur))) FILTER (
      WHERE EXISTS (SELECT FROM pay x WHERE x.kind = 'charge' AND x.status = 'succeeded'
        AND x.billingid = y.billingid AND x.invoice_number = y.invoice_number AND x.cur = y.cur)), 0)
    FROM first_try y WHERE y.cur = c.cur AND y.created >= t.s AND status = 'failed') AS first_recovered,
  -- What failed at first in the same days of the period before, and what of it had been paid by their end.
  (SELECT round(sum(least(y.total, (SELECT coalesce(sum(x.total), 0) FROM pay x WHERE x.kind = 'charge'
      AND x.status = 'succeeded' AND x.billingid = y.billingid AND x.created < t.u
      AND x.invoice_number = y.invoice_number AND x.cur = y.cur))) / nullif(sum(y.total), 0), 6)
    FROM first_try y WHERE y.cur = c.cur AND y.created >= t.p AND y.created < t.u AND status = 'failed')
    AS recovery_rate_previous,
  (SELECT coalesce(sum(balance), 0) FROM invoice i WHERE i.cur = c.cur AND balance > 0) AS outstanding,
  (SELECT coalesce(sum(balance), 0) FROM invoice i WHERE i.cur = c.cur AND balance > 0
    AND i.due < t.as_of) AS overdue,
  (SELECT count(*) FROM invoice i WHERE i.cur = c.cur AND balance > 0 AND i.due < t.as_of)
    AS overdue_invoices
FROM t, (
  SELECT currency AS cur FROM t UNION SELECT cur FROM pay UNION SELECT cur FROM ev
) c
ORDER BY c.cur
