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
  SELECT
    r.tenantid AS tenant_id,
    date_trunc('month', r.date AT TIME ZONE p.time_zone) AS month,
    count(DISTINCT r.id) AS dojos,
    count(*) AS attendances
  FROM partition p
  JOIN room r ON r.tenantid = p.tenant_id AND r.status = 'A'
    AND r.date >= (date_trunc('month', p.ends_at AT TIME ZONE p.time_zone) - interval '12 months') AT TIME ZONE p.time_zone
    AND r.date < p.cutoff_at AND r.created < p.cutoff_at
  CROSS JOIN LATERAL (
    SELECT r.userid AS user_id
    UNION
    SELECT m.userid FROM room_member m WHERE m.roomid = r.id
  ) a
  GROUP BY 1, 2
) d ON d.tenant_id = p.tenant_id AND d.month = s.month
WHERE s.month <= date_trunc('month', (p.cutoff_at AT TIME ZONE p.time_zone) - interval '1 microsecond')
