SELECT tenant_id, tag, count(*) AS pocs, count(*) FILTER (WHERE favorite) AS favorites
FROM poc_tags
WHERE is_current
GROUP BY tenant_id, tag
