-- The platform as a whole, which is called.
SELECT id, slug, name, time_zone, locale, currency, status
FROM (
  VALUES (1::bigint, 'platform', 'Platform', 'UTC', 'en', 'USD', 'active')
) AS t(id, slug, name, time_zone, locale, currency, status)
