-- A tag counts once per POC, even if the POC has it twice.
SELECT tenant_id, tag, count(*) AS pocs, count(*) FILTER (WHERE favorite) AS favorites
FROM (SELECT DISTINCT tenant_id, id, favorite, tag FROM poc_tags WHERE is_current) t
GROUP BY tenant_id, tag
