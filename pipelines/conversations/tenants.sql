-- The tenants of this platform are its bots.
SELECT id, slug, name, time_zone, locale, currency, status, created
FROM tenant
