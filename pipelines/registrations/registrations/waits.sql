-- How long it took to confirm, in classes that grow. All classes are there. Confirmations without a length are
-- in the data quality.
SELECT p.tenant_id, b.position, b.bucket, count(r.waited) AS confirmed
FROM partition p
CROSS JOIN (
  VALUES
    (1, 'within_1m', 0, 60), (2, 'within_10m', 60, 600), (3, 'within_1h', 600, 3600), (4, 'within_1d', 3600, 86400),
    (5, 'within_7d', 86400, 604800), (6, 'within_30d', 604800, 2592000), (7, 'longer', 2592000, NULL)
) AS b(position, bucket, from_seconds, to_seconds)
LEFT JOIN registered r ON r.tenant_id = p.tenant_id AND r.is_current
  AND r.waited >= b.from_seconds AND (b.to_seconds IS NULL OR r.waited < b.to_seconds)
GROUP BY p.tenant_id, b.position, b.bucket
