-- The requests that ended in the last seven days. Each is told once, however often it is read.
SELECT
  p.tenant_id,
  'platform' AS address,
  r.id AS report_id,
  r.tenant AS tenant,
  r.report AS report,
  r.period AS period,
  r.state AS state,
  r.failure AS failure,
  to_char(r.ended AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS ended_at
FROM partition p
JOIN request r ON r.state IN ('published', 'failed')
  AND r.ended >= p.cutoff_at - interval '7 days' AND r.ended < p.cutoff_at
