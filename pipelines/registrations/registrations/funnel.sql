-- The steps of the funnel. Each step holds all of the next one.
SELECT tenant_id, position, step, people
FROM (
  SELECT p.tenant_id, v.position, v.step, v.people
  FROM partition p
  LEFT JOIN (
    SELECT
      tenant_id, count(*) AS registered,
      count(*) FILTER (WHERE is_confirmed) AS confirmed,
      count(*) FILTER (WHERE waited < 86400) AS within_day,
      count(*) FILTER (WHERE waited < 3600) AS within_hour
    FROM registered
    WHERE is_current
    GROUP BY tenant_id
  ) r ON r.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'registered', coalesce(r.registered, 0)), (2, 'confirmed', coalesce(r.confirmed, 0)),
      (3, 'within_day', coalesce(r.within_day, 0)), (4, 'within_hour', coalesce(r.within_hour, 0))
  ) AS v(position, step, people)
) q
