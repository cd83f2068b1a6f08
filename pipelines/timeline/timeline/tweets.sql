-- What happened, the newest first. The cursor is (created, id): several tweets can have the same moment, so a moment
-- alone says neither where a page ends nor where a reader goes on.
SELECT
  tenant_id, created, id, name AS author, CASE WHEN name IS NULL THEN 'hidden' END AS author_is, text
FROM told
WHERE is_current
