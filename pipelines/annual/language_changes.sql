-- Languages of this year's POCs or of those it is compared with.
SELECT
  tenant_id, language,
  count(*) FILTER (WHERE is_current) AS pocs,
  count(*) FILTER (WHERE NOT is_current) AS pocs_previous
FROM poc_facts
WHERE language IS NOT NULL
GROUP BY tenant_id, language
