-- The figures of the period and of the one before, one row per tenant.
SELECT
  p.tenant_id,
  coalesce(a.users, 0) AS users,
  coalesce(a.users_previous, 0) AS users_previous,
  coalesce(a.joined, 0) AS joined,
  coalesce(a.joined_previous, 0) AS joined_previous,
  coalesce(a.confirmed, 0) AS confirmed,
  coalesce(a.unconfirmed, 0) AS unconfirmed,
  coalesce(a.active, 0) AS active,
  coalesce(a.active_previous, 0) AS active_previous,
  coalesce(a.inactive, 0) AS inactive,
  coalesce(a.authors, 0) AS authors,
  coalesce(a.participants, 0) AS participants,
  coalesce(a.writers, 0) AS writers,
  a.latest AS data_cut_off
FROM partition p
LEFT JOIN (
  SELECT
    tenant_id,
    count(*) AS users,
    count(*) FILTER (WHERE was_there) AS users_previous,
    count(*) FILTER (WHERE is_new) AS joined,
    count(*) FILTER (WHERE was_new) AS joined_previous,
    count(*) FILTER (WHERE confirmation = 'A') AS confirmed,
    count(*) FILTER (WHERE confirmation = 'C') AS unconfirmed,
    count(*) FILTER (WHERE is_active) AS active,
    count(*) FILTER (WHERE was_active) AS active_previous,
    count(*) FILTER (WHERE NOT is_active) AS inactive,
    count(*) FILTER (WHERE pocs > 0) AS authors,
    count(*) FILTER (WHERE dojos > 0) AS participants,
    count(*) FILTER (WHERE messages > 0) AS writers,
    max(latest) AS latest
  FROM accounts
  GROUP BY tenant_id
) a ON a.tenant_id = p.tenant_id
