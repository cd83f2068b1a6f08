-- What happened in the period: each POC and each dojo, with its moment.
SELECT tenant_id, day, created AS at, 'poc' AS kind, id FROM poc_facts WHERE is_current
UNION ALL
SELECT tenant_id, day, held_at, 'dojo', id FROM dojos WHERE is_current
