-- The POCs of this period and of the one before that were created before the cut-off.
SELECT
  p.tenant_id,
  c.id,
  c.userid AS user_id,
  c.created,
  c.updated,
  (c.created AT TIME ZONE p.time_zone)::date AS day,
  c.created >= p.starts_at AS is_current,
  c.name,
  nullif(btrim(c.description), '') AS description,
  nullif(btrim(c.language), '') AS language,
  c.tags,
  c.favorite = 'Y' AS favorite,
  -- The address of a repository can reveal its owner.
  CASE WHEN w.is_named THEN nullif(btrim(c.repourl), '') END AS repourl,
  w.name AS author,
  CASE WHEN w.user_id IS NULL THEN 'guest' WHEN w.name IS NULL THEN 'hidden' END AS author_is
FROM partition p
JOIN pocuser c ON c.tenantid = p.tenant_id
  AND c.created >= p.previous_starts_at AND c.created < p.cutoff_at
LEFT JOIN people w ON w.tenant_id = p.tenant_id AND w.user_id = c.userid
