-- How long clients waited for an answer, in classes that grow. All classes are there.
SELECT
  p.tenant_id, b.position, b.bucket,
  count(s.waited) AS answers,
  count(s.waited) FILTER (WHERE s.is_first_answer) AS first_answers
FROM partition p
CROSS JOIN (
  VALUES
    (1, 'within_10s', 0, 10), (2, 'within_1m', 10, 60), (3, 'within_5m', 60, 300), (4, 'within_15m', 300, 900),
    (5, 'within_1h', 900, 3600), (6, 'within_8h', 3600, 28800), (7, 'within_1d', 28800, 86400),
    (8, 'longer', 86400, NULL)
) AS b(position, bucket, from_seconds, to_seconds)
LEFT JOIN spoken s ON s.tenant_id = p.tenant_id AND s.is_current
  AND s.waited >= b.from_seconds AND (b.to_seconds IS NULL OR s.waited < b.to_seconds)
GROUP BY p.tenant_id, b.position, b.bucket
