-- How long messages are, in characters. All classes are there. A message without text is a picture, a
-- file or the like.
SELECT
  p.tenant_id, b.position, b.bucket,
  count(s.id) FILTER (WHERE s.direction = 'received') AS received,
  count(s.id) FILTER (WHERE s.direction = 'sent') AS sent
FROM partition p
CROSS JOIN (
  VALUES
    (1, 'no_text', 0, 1), (2, 'to_20', 1, 21), (3, 'to_80', 21, 81), (4, 'to_160', 81, 161),
    (5, 'to_500', 161, 501), (6, 'longer', 501, NULL)
) AS b(position, bucket, from_characters, to_characters)
LEFT JOIN spoken s ON s.tenant_id = p.tenant_id AND s.is_current
  AND coalesce(s.characters, 0) >= b.from_characters
  AND (b.to_characters IS NULL OR coalesce(s.characters, 0) < b.to_characters)
GROUP BY p.tenant_id, b.position, b.bucket
