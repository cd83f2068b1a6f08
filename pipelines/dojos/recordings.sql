-- One row per recording. The gap is the time since all earlier recordings of the same dojo had stopped. It is
-- NULL for the first recording, and if an earlier one has no end or was still running.
SELECT
  r.tenant_id, r.held_at, r.started, r.id, r.subject, r.seconds,
  CASE
    WHEN r.stopped IS NULL THEN 'no_end'
    WHEN r.started IS NULL THEN 'no_start'
    WHEN r.stopped < r.started THEN 'ends_before_start'
    ELSE 'complete'
  END AS outcome,
  CASE
    WHEN count(*) OVER w = count(r.stopped) OVER w AND r.started > max(r.stopped) OVER w
      THEN floor(extract(epoch FROM (r.started - max(r.stopped) OVER w)))::bigint
  END AS gap_seconds
FROM recordings r
WHERE r.is_current
WINDOW w AS (
  PARTITION BY r.tenant_id, r.dojo_id ORDER BY r.started, r.id
  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
