SELECT p.tenant_id, count(*) AS n -- now()
FROM partition p /* a /* b */ */ WHERE x = $1;