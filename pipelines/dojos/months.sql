-- The twelve months up to the end of the period, even empty ones, but not those that have not begun. A day can
-- begin at 01:00, where clocks go forward at midnight.
SELECT
  p.tenant_id,
  s.month::date AS month,
  coalesce(d.dojos, 0) AS dojos,
  coalesce(d.attendances, 0) AS attendances
FROM partition p
CROSS JOIN LATERAL generate_series(
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months',
  date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '1 month',
  interval '1 month') AS s(month)
LEFT JOIN (
  SELECT tenant_id, month, count(*) AS dojos, sum(people)::bigint AS attendances
  FROM (
    -- Grouped, and not joined: members would be looked through again for each dojo.
    SELECT
      id,
      (array_agg(tenant_id) FILTER (WHERE month IS NOT NULL))[1] AS tenant_id,
      max(month) AS month,
      count(DISTINCT user_id) + max((user_id IS NULL)::integer) AS people
    FROM (
      SELECT
        p.tenant_id, r.id, r.userid AS user_id,
        date_trunc('month', r.date AT TIME ZONE p.time_zone) AS month
      FROM partition p
      JOIN room r ON r.tenantid = p.tenant_id AND r.status = 'A'
        AND r.date >= (date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months') AT TIME ZONE p.time_zone
        AND r.date < p.cutoff_at AND r.created < p.cutoff_at
      UNION ALL
      SELECT NULL, m.roomid, m.userid, NULL FROM room_member m
    ) e
    GROUP BY id
  ) r
  WHERE month IS NOT NULL
  GROUP BY tenant_id, month
) d ON d.tenant_id = p.tenant_id AND d.month = s.month
WHERE s.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
