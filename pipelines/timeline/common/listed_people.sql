-- All accounts, with a name where the person agreed to be listed.
SELECT
  p.tenant_id, a.id AS user_id, a.created,
  CASE
    WHEN a.listed AND p.privacy = 'names' THEN coalesce(nullif(btrim(a.name), ''), '@' || a.username)
  END AS name
FROM partition p
JOIN account a ON a.tenant_id = p.tenant_id AND a.created < p.cutoff_at
