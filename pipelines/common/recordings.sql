-- The recordings of the dojos. The length is unknown if there is no end (the recorder died) or the end is
-- before the start.
SELECT
  d.tenant_id,
  d.id AS dojo_id,
  r.id,
  r.started,
  r.stopped,
  r.object_key,
  r.created,
  CASE WHEN r.stopped >= r.started THEN floor(extract(epoch FROM (r.stopped - r.started)))::bigint END
    AS seconds
FROM partition p
JOIN dojos d ON d.tenant_id = p.tenant_id
JOIN dojo_recording r ON r.tenantid = d.tenant_id AND r.roomid = d.id AND r.created < p.cutoff_at
