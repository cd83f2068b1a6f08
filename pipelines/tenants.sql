-- The platform's tenants. See docs/how-to/sources.md for the columns.
SELECT id, slug, name, timezone AS time_zone, locale, currency, created,
  CASE status WHEN 'A' THEN 'active' ELSE 'inactive' END AS status
FROM tenant
