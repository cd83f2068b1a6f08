-- Languages that the tenant used for the first time ever, with the POC that did.
SELECT f.tenant_id, f.language, c.day, c.name AS poc, c.author, c.author_is
FROM first_uses f
JOIN pocs c ON c.tenant_id = f.tenant_id AND c.id = f.id
WHERE f.is_current
