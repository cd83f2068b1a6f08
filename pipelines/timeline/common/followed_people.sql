-- Whom a person follows, with the name to show. With the privacy setting 'initials' or 'none' nobody is named.
SELECT
  p.tenant_id, f.account AS user_id, f.since,
  CASE WHEN p.privacy = 'names' THEN coalesce(nullif(btrim(f.name), ''), '@' || f.username) END AS name
FROM partition p
JOIN followed f ON f.tenant_id = p.tenant_id AND f.since < p.cutoff_at
