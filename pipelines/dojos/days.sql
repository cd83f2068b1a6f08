-- The days with dojos.
SELECT
  tenant_id, day, count(*) AS dojos, sum(participants)::bigint AS attendances,
  sum(seconds)::bigint AS dojo_seconds
FROM dojo_facts
WHERE is_current
GROUP BY tenant_id, day
