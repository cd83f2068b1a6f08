-- Who registered up to the cut-off. A confirmation after the cut-off has not happened yet; one before the
-- registration, or at a moment that is no day, has no length.
SELECT
  p.tenant_id, r.id, r.created, r.origin,
  (r.created AT TIME ZONE p.time_zone)::date AS day,
  extract(hour FROM r.created AT TIME ZONE p.time_zone)::integer AS hour,
  r.created >= p.starts_at AS is_current,
  r.created >= p.previous_starts_at AND r.created < p.previous_ends_at AS is_previous,
  r.confirmed_at < p.cutoff_at IS TRUE AS is_confirmed,
  -- The same, as it was at the end of the days that the period is compared with.
  r.confirmed_at < p.previous_ends_at IS TRUE AS was_confirmed,
  CASE WHEN r.confirmed_at < p.cutoff_at AND r.confirmed_at >= p.starts_at THEN r.confirmed_at END AS confirmed_now,
  CASE
    WHEN r.confirmed_at < p.cutoff_at AND r.confirmed_at >= r.created
      THEN floor(extract(epoch FROM r.confirmed_at - r.created))::bigint
  END AS waited
FROM partition p
JOIN registration r ON r.created >= p.known_from AND r.created < p.cutoff_at
