-- Three tenants with the same rows, each in a language, zone and currency of its own.
INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
SELECT md5('t' || v.slug)::uuid, v.slug, v.name, v.zone, v.locale, v.currency, '2024-01-01'
FROM (VALUES
  ('brasil', 'Ateliê & Cia', 'America/Sao_Paulo', 'pt-BR', 'BRL'),
  ('england', 'Workshop & Co', 'Europe/London', 'en', 'GBP'),
  ('espana', 'Taller & Cía', 'Europe/Madrid', 'es', 'EUR')) AS v(slug, name, zone, locale, currency);
INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, account_status, privacy, created)
SELECT md5('u' || t.slug || v.n)::uuid, t.id, v.name, v.first, v.last, 'x@example.org', 30, v.status, v.privacy,
  v.created::timestamptz
FROM app.tenant t, (VALUES
  (1, 'ana', 'Ana', 'Souza', 'A', 'names', '2024-02-01'), (2, 'li', 'Li', 'Wei', 'A', 'initials', '2024-03-01'),
  (3, 'zoe', 'Zoë', '-', 'C', 'names', '2025-02-10'), (4, 'nemo', 'Nemo', 'Outis', 'A', 'none', '2025-05-05'))
  AS v(n, name, first, last, status, privacy, created);
INSERT INTO app.pocuser (id, userid, tenantid, name, description, language, favorite, tags, repourl, created, updated)
SELECT md5('p' || t.slug || v.n)::uuid, md5('u' || CASE v.who WHEN 9 THEN o.slug || 1 ELSE t.slug || v.who END)::uuid,
  t.id, v.name, v.description, v.language, v.favorite, v.tags, v.repo, v.created::timestamptz, v.created::timestamptz
FROM app.tenant t
JOIN app.tenant o ON o.slug = CASE t.slug WHEN 'brasil' THEN 'england' ELSE 'brasil' END
CROSS JOIN (VALUES
  (1, 1, 'Old', 'From last year', 'Go', 'N', 'cache', '', '2024-06-01 12:00+00'),
  (2, 1, 'Cache', 'A cache that forgets <slowly>', 'Go', 'Y', 'cache, http', 'https://example.org/cache?a=1&b=2', '2025-02-03 12:00+00'),
  (3, 1, 'Queue', NULL, 'Rust', 'N', 'queue', '', '2025-02-04 12:00+00'),
  (4, 2, '=1+1', '-danger', 'Rust', 'N', 'http', 'https://example.org/x', '2025-02-05 12:00+00'),
  (5, 4, 'Hidden', 'By somebody unnamed', NULL, 'Y', NULL, 'https://example.org/h', '2025-07-01 12:00+00'),
  (6, 9, 'Visit', 'By a guest', 'Elm', 'N', 'ui', '', '2025-07-01 13:00+00'))
  AS v(n, who, name, description, language, favorite, tags, repo, created);
INSERT INTO app.room (id, userid, tenantid, date, name, status, created, updated)
SELECT md5('r' || t.slug || v.n)::uuid, md5('u' || t.slug || v.who)::uuid, t.id, v.date::timestamptz, v.name, v.status,
  v.date::timestamptz - interval '2 days', v.date::timestamptz
FROM app.tenant t, (VALUES
  (1, 1, '2024-09-10 18:00+00', 'Bowling', 'A'), (2, 1, '2025-03-04 18:00+00', 'FizzBuzz', 'A'),
  (3, 2, '2025-03-11 18:00+00', 'Roman numerals', 'A'), (4, 3, '2025-10-07 18:00+00', 'Mars rover', 'A'),
  (5, 1, '2025-10-14 18:00+00', 'Called off', 'I')) AS v(n, who, date, name, status);
INSERT INTO app.room_member (roomid, userid)
SELECT md5('r' || t.slug || v.room)::uuid, md5('u' || t.slug || v.who)::uuid
FROM app.tenant t, (VALUES (1, 2), (2, 2), (2, 3), (3, 1), (3, 4), (4, 1), (4, 2)) AS v(room, who);
INSERT INTO app.dojo_recording (id, roomid, tenantid, started, stopped, object_key, created)
SELECT md5('d' || t.slug || v.n)::uuid, md5('r' || t.slug || v.room)::uuid, t.id, v.started::timestamptz,
  v.stopped::timestamptz, 'none' || v.n, v.started::timestamptz
FROM app.tenant t, (VALUES
  (1, 2, '2025-03-04 18:00+00', '2025-03-04 18:45:10+00'), (2, 2, '2025-03-04 18:50+00', '2025-03-04 19:30+00'),
  (3, 3, '2025-03-11 18:00+00', NULL)) AS v(n, room, started, stopped);
INSERT INTO app.message (id, userid, roomid, tenantid, body, message_status, created)
SELECT md5('m' || t.slug || v.n)::uuid, md5('u' || t.slug || v.who)::uuid, md5('r' || t.slug || v.room)::uuid, t.id, 'x',
  v.status, v.created::timestamptz
FROM app.tenant t, (VALUES
  (1, 1, 2, 'A', '2025-03-04 18:10+00'), (2, 3, 2, 'A', '2025-03-04 18:11+00'), (3, 3, 2, 'R', '2025-03-04 18:12+00'))
  AS v(n, who, room, status, created);
INSERT INTO app.billing (id, tenantid, plan, price, expirationdate, autorenew, paymentgateway, created)
SELECT md5('b' || t.slug || v.n)::uuid, t.id, v.plan, v.price, v.expires::timestamptz, v.renews, v.gateway, '2024-01-10'
FROM app.tenant t, (VALUES
  (1, 'Y', 499.95, '2026-01-20 12:00+00', 1, 'stripe'), (2, 'M', 49.90, '2025-06-01 12:00+00', 0, 'pagarme'))
  AS v(n, plan, price, expires, renews, gateway);
INSERT INTO app.billing_event (id, billingid, tenantid, kind, plan, price, currency, at)
SELECT md5('e' || t.slug || v.n)::uuid, md5('b' || t.slug || v.billing)::uuid, t.id, v.kind, v.plan, v.price,
  coalesce(v.currency, t.currency), v.at::timestamptz
FROM app.tenant t, (VALUES
  (1, 1, 'created', 'M', 45.00, NULL, '2024-01-10 12:00+00'), (2, 1, 'changed', 'Y', 499.95, NULL, '2025-01-20 12:00+00'),
  (3, 2, 'created', 'M', 49.90, 'USD', '2025-02-01 12:00+00'), (4, 2, 'cancelled', 'M', 49.90, 'USD', '2025-06-01 12:00+00'))
  AS v(n, billing, kind, plan, price, currency, at);
INSERT INTO app.payment (id, billingid, tenantid, total, currency, payment_gateway, kind, status, attempt, invoice_number, due, created)
SELECT md5('y' || t.slug || v.n)::uuid, md5('b' || t.slug || v.billing)::uuid, t.id, v.total, coalesce(v.currency, t.currency),
  v.gateway, v.kind, v.status, v.attempt, v.invoice, v.due::timestamptz, v.created::timestamptz
FROM app.tenant t, (VALUES
  (1, 1, 45.00, NULL, 'stripe', 'charge', 'succeeded', 1, 'A-1', '2024-12-10', '2024-12-10 12:00+00'),
  (2, 1, 499.95, NULL, 'stripe', 'charge', 'failed', 1, 'A-2', '2025-01-20', '2025-01-20 12:00+00'),
  (3, 1, 499.95, NULL, 'stripe', 'charge', 'succeeded', 2, 'A-2', '2025-01-20', '2025-01-23 12:00+00'),
  (4, 1, 100.00, NULL, 'stripe', 'refund', 'succeeded', 1, 'A-2', '2025-01-20', '2025-03-01 12:00+00'),
  (5, 2, 49.90, 'USD', 'pagarme', 'charge', 'succeeded', 1, 'B-1', '2025-02-01', '2025-02-01 12:00+00'),
  (6, 2, 49.90, 'USD', 'pagarme', 'charge', 'failed', 1, 'B-2', '2025-11-20', '2025-11-20 12:00+00'))
  AS v(n, billing, total, currency, gateway, kind, status, attempt, invoice, due, created);
