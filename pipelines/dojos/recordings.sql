-- A line a recording. Its gap is the time since the recordings of the same dojo before it had all
-- stopped; none for the first one, and none where one of them never did or none had by then.
SELECT
  r.tenant_id, d.held_at, r.started, r.id, d.subject, r.seconds,
  CASE
    WHEN r.stopped IS NULL THEN 'no_end'
    WHEN r.stopped < r.started THEN 'ends_before_start'
    ELSE 'complete'
  END AS outcome,
  CASE
    WHEN count(*) OVER w = count(r.stopped) OVER w AND r.started > max(r.stopped) OVER w
      THEN floor(extract(epoch FROM (r.started - max(r.stopped) OVER w)))::bigint
  END AS gap_seconds
FROM recordings r
JOIN dojos d ON d.tenant_id = r.tenant_id AND d.id = r.dojo_id
WHERE d.is_current
WINDOW w AS (
  PARTITION BY r.tenant_id, r.dojo_id ORDER BY r.started, r.id
  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
