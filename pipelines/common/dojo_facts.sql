-- Dojos in few columns, for queries that only count them. Each dojo has people, and each recording a dojo. So
-- full joins leave nothing out; no other kind of join is sure not to compare each row with each.
SELECT
  d.tenant_id, d.id, d.day, d.is_current, d.updated, a.participants,
  coalesce(r.recordings, 0) AS recordings, r.seconds, r.recorded_at
FROM dojos d
FULL JOIN (
  SELECT tenant_id, dojo_id, count(*) AS participants
  FROM dojo_people
  GROUP BY tenant_id, dojo_id
) a ON a.tenant_id = d.tenant_id AND a.dojo_id = d.id
FULL JOIN (
  SELECT
    tenant_id, dojo_id, count(*) AS recordings, sum(seconds)::bigint AS seconds,
    max(created) AS recorded_at
  FROM recordings
  GROUP BY tenant_id, dojo_id
) r ON r.tenant_id = d.tenant_id AND r.dojo_id = d.id
