-- The languages of each month's POCs. One without a language is none of them.
SELECT tenant_id, date_trunc('month', day::timestamp)::date AS month, language, count(*) AS pocs
FROM poc_facts
WHERE is_current AND language IS NOT NULL
GROUP BY 1, 2, 3
