-- Languages that the tenant used for the first time, with the POC that used them first.
SELECT f.tenant_id, f.language, c.day, c.name AS poc, c.author, c.author_is
FROM (
  SELECT n.tenant_id, n.language, min(c.id::text)::uuid AS id
  FROM first_uses n
  JOIN poc_facts c ON c.tenant_id = n.tenant_id AND c.language = n.language
    AND c.created = n.created
  GROUP BY n.tenant_id, n.language
) f
JOIN pocs c ON c.tenant_id = f.tenant_id AND c.id = f.id
