-- For subscriptions that keep their currency and have at most one event a moment.
WITH t AS (
  SELECT
    id, currency::text AS currency,
    $2::timestamp AT TIME ZONE timezone AS s,
    least($3::timestamp, $5::timestamp + interval '1 day') AT TIME ZONE timezone AS e
  FROM app.tenant
  WHERE slug = $1 AND $4::text IS NOT NULL
), ev AS (
  SELECT e.*, e.currency::text AS cur,
    CASE
      WHEN coalesce((SELECT l.kind FROM app.billing_event l WHERE l.tenantid = t.id
        AND l.billingid = e.billingid AND l.kind <> 'changed' AND l.at <= e.at
        ORDER BY l.at DESC LIMIT 1), 'created') IN ('cancelled', 'expired') THEN 0
      WHEN e.plan = 'M' THEN e.price
      WHEN e.plan = 'Y' THEN round(e.price / 12, 4)
    END AS mrr
  FROM t, app.billing_event e
  WHERE e.tenantid = t.id AND e.at < t.e
), step AS (
  SELECT e.cur, e.at, e.mrr,
    coalesce((SELECT l.mrr FROM ev l WHERE l.billingid = e.billingid AND l.at < e.at
      ORDER BY l.at DESC LIMIT 1), 0) AS before,
    EXISTS (SELECT FROM ev l WHERE l.billingid = e.billingid AND l.at < e.at AND l.mrr > 0) AS paid
  FROM ev e
)
SELECT
  c.cur AS currency,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at < t.s) AS starts,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at >= t.s
    AND before = 0 AND mrr > 0 AND NOT paid) AS new,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at >= t.s
    AND before = 0 AND mrr > 0 AND paid) AS reactivation,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at >= t.s
    AND before > 0 AND mrr > before) AS expansion,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at >= t.s
    AND before > 0 AND mrr > 0 AND mrr < before) AS contraction,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur AND x.at >= t.s
    AND before > 0 AND mrr = 0) AS churn,
  (SELECT coalesce(sum(mrr - before), 0) FROM step x WHERE x.cur = c.cur) AS ends
FROM t, (
  SELECT currency AS cur FROM t
  UNION SELECT cur FROM ev
  UNION SELECT y.currency::text FROM t, app.payment y WHERE y.tenantid = t.id AND y.created < t.e
) c
ORDER BY c.cur
