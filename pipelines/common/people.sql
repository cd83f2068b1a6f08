-- A tenant's own users, named as the stricter of the tenant's and the user's privacy setting allows; under
-- 'none' the name is NULL. A user who is not found here belongs to another tenant and is a guest.
SELECT
  p.tenant_id,
  u.id AS user_id,
  CASE
    WHEN p.privacy = 'none' OR u.privacy = 'none' THEN NULL
    WHEN p.privacy = 'initials' OR u.privacy = 'initials' THEN
      coalesce(
        nullif(concat_ws(' ',
          left(nullif(btrim(u.firstname, ' -'), ''), 1) || '.',
          left(nullif(btrim(u.lastname, ' -'), ''), 1) || '.'), ''),
        left(u.username, 1) || '.')
    WHEN p.privacy = 'names' AND u.privacy = 'names' THEN
      coalesce(
        nullif(concat_ws(' ',
          nullif(btrim(u.firstname, ' -'), ''), nullif(btrim(u.lastname, ' -'), '')), ''),
        u.username)
  END AS name,
  p.privacy = 'names' AND u.privacy = 'names' AS is_named
FROM partition p
JOIN "user" u ON u.tenantid = p.tenant_id
