-- The platform as a whole is the one tenant. Write its name, its time zone and its language here.
SELECT id, slug, name, time_zone, locale, currency, status
FROM (
  VALUES (1::bigint, 'registrations', 'Registrations', 'America/Sao_Paulo', 'pt-BR', 'BRL', 'active')
) AS t(id, slug, name, time_zone, locale, currency, status)
