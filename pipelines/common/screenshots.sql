-- How many pictures a POC has, and its first one. The pictures of somebody who is not to be shown, or
-- whose wish is not known here (a guest), are left out.
SELECT
  c.tenant_id,
  c.id,
  count(*) AS screenshots,
  (array_agg(s.object_key ORDER BY s.created, s.id))[1] AS media_key
FROM partition p
JOIN pocs c ON c.tenant_id = p.tenant_id
JOIN poc_screenshot s ON s.tenantid = c.tenant_id AND s.pocid = c.id AND s.created < p.cutoff_at
WHERE c.author_is IS NULL
GROUP BY c.tenant_id, c.id
