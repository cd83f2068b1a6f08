-- What was read and what was left out.
SELECT NULL::uuid AS tenant_id, position, rule, rows, false AS fatal
FROM (
  SELECT -2 AS position, 'tenants_read' AS rule, count(*) AS rows FROM partition
  UNION ALL
  SELECT -1, 'tenants_left_out', (SELECT count(*) FROM partition) - (SELECT count(*) FROM sound)
  UNION ALL
  SELECT q.position, q.rule, sum(q.rows)::bigint
  FROM billing_quality q
  JOIN sound USING (tenant_id)
  WHERE NOT q.fatal
  GROUP BY q.position, q.rule
) v
