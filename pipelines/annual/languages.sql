-- One row per language of the period's POCs, NULL where none was given. New: never used before.
SELECT
  n.tenant_id, n.language, n.pocs, n.favorites, n.pocs_previous,
  f.tenant_id IS NOT NULL AS is_new
FROM (
  SELECT
    tenant_id, language,
    count(*) FILTER (WHERE is_current) AS pocs,
    count(*) FILTER (WHERE is_current AND favorite) AS favorites,
    count(*) FILTER (WHERE NOT is_current) AS pocs_previous
  FROM poc_facts
  GROUP BY tenant_id, language
) n
LEFT JOIN first_uses f ON f.tenant_id = n.tenant_id AND f.language = n.language
WHERE n.pocs > 0
