-- What was read, and what was left out and why. A fatal rule must have no rows.
SELECT tenant_id, position, rule, rows, fatal, example
FROM (
  SELECT p.tenant_id, v.position, v.rule, v.rows, v.fatal, v.example
  FROM partition p
  LEFT JOIN (
    SELECT
      q.tenant_id,
      count(*) FILTER (WHERE r.created >= q.starts_at AND r.created < q.cutoff_at) AS registered,
      count(*) FILTER (WHERE r.created >= q.starts_at AND r.created < q.cutoff_at AND r.confirmed_at < r.created)
        AS confirmed_before,
      min(r.id) FILTER (WHERE r.created >= q.starts_at AND r.created < q.cutoff_at AND r.confirmed_at < r.created)
        AS confirmed_before_example,
      count(*) FILTER (WHERE r.created < q.known_from OR r.created IS NULL) AS of_unknown_day,
      min(r.id) FILTER (WHERE r.created < q.known_from OR r.created IS NULL) AS unknown_example
    FROM partition q
    CROSS JOIN registration r
    GROUP BY q.tenant_id
  ) r ON r.tenant_id = p.tenant_id
  CROSS JOIN LATERAL (
    VALUES
      (1, 'registrations_read', coalesce(r.registered, 0), false, NULL),
      (2, 'confirmed_before_registered', coalesce(r.confirmed_before, 0), false, r.confirmed_before_example::text),
      (3, 'registrations_of_unknown_day', coalesce(r.of_unknown_day, 0), false, r.unknown_example::text)
  ) AS v(position, rule, rows, fatal, example)
) q
