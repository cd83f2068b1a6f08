-- The recordings of the dojos. The length is unknown if there is no end (the recorder died, or the end never
-- comes), no start, or the end is before the start.
SELECT
  r.*,
  CASE WHEN r.stopped >= r.started THEN floor(extract(epoch FROM (r.stopped - r.started)))::bigint END
    AS seconds
FROM (
  SELECT
    d.tenant_id,
    d.id AS dojo_id,
    d.is_current,
    d.held_at,
    d.subject,
    r.id,
    CASE WHEN r.started >= p.known_from AND r.started < p.known_until THEN r.started END AS started,
    CASE WHEN r.stopped >= p.known_from AND r.stopped < p.known_until THEN r.stopped END AS stopped,
    r.object_key,
    r.created
  FROM partition p
  JOIN dojos d ON d.tenant_id = p.tenant_id
  JOIN dojo_recording r ON r.tenantid = d.tenant_id AND r.roomid = d.id AND r.created < p.cutoff_at
) r
