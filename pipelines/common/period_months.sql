-- Every month of the period, even an empty one, with the same month of the year before.
SELECT
  p.tenant_id,
  s.month::date AS month,
  coalesce(c.pocs, 0) AS pocs,
  coalesce(c.favorites, 0) AS favorites,
  coalesce(d.dojos, 0) AS dojos,
  -- NULL if there are dojos and no length is known.
  CASE WHEN d.dojos > 0 THEN d.dojo_seconds ELSE 0 END AS dojo_seconds,
  coalesce(cp.pocs, 0) AS pocs_previous,
  coalesce(dp.dojos, 0) AS dojos_previous
FROM partition p
CROSS JOIN LATERAL generate_series(
  p.period_starts::timestamp,
  (p.ends_at AT TIME ZONE p.time_zone) - interval '1 day',
  interval '1 month') AS s(month)
LEFT JOIN (
  SELECT tenant_id, date_trunc('month', day::timestamp) AS month,
    count(*) AS pocs, count(*) FILTER (WHERE favorite) AS favorites
  FROM poc_facts GROUP BY 1, 2
) c ON c.tenant_id = p.tenant_id AND c.month = s.month
LEFT JOIN (
  SELECT tenant_id, date_trunc('month', day::timestamp) AS month,
    count(*) AS dojos, sum(seconds)::bigint AS dojo_seconds
  FROM dojo_facts GROUP BY 1, 2
) d ON d.tenant_id = p.tenant_id AND d.month = s.month
LEFT JOIN (
  SELECT tenant_id, date_trunc('month', day::timestamp) + interval '1 year' AS month,
    count(*) AS pocs
  FROM poc_facts GROUP BY 1, 2
) cp ON cp.tenant_id = p.tenant_id AND cp.month = s.month
LEFT JOIN (
  SELECT tenant_id, date_trunc('month', day::timestamp) + interval '1 year' AS month,
    count(*) AS dojos
  FROM dojos GROUP BY 1, 2
) dp ON dp.tenant_id = p.tenant_id AND dp.month = s.month
