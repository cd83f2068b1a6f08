-- A platform of bots and messages, and what Yearbook reads of it. PostgreSQL 13 or later.
-- Run it with psql or send it whole over one connection; a second time it changes nothing.
--
--   app       the platform's tables, as they are: bots and live messages
--   archive   deleted messages, which a trigger moves here
--   reports   views that Yearbook reads. They have no text, and no address of a client
--
-- Either end of a message can be the bot, so no column of it leads to its tenant. The view says so:
-- a message is a row of the bot that wrote it or got it. Between two bots it is a row of each.
--
-- Live messages can be split by conversation over several databases, with one more for the archive.
-- Run the file in each, with its part named:
--
--   PGOPTIONS='-c conversations.part=live' psql -d shard1 -f conversations.sql
--   PGOPTIONS='-c conversations.part=archive' psql -d archive -f conversations.sql
--
-- How reports are made of all of them: docs/how-to/another-platform.md.

CREATE SCHEMA IF NOT EXISTS app;
CREATE SCHEMA IF NOT EXISTS archive;
CREATE SCHEMA IF NOT EXISTS reports;

CREATE TABLE IF NOT EXISTS app.bots (
  id   text NOT NULL PRIMARY KEY,
  name text NOT NULL
);

CREATE TABLE IF NOT EXISTS app.messages (
  id               uuid        NOT NULL DEFAULT gen_random_uuid() PRIMARY KEY,
  "conversationId" uuid        NOT NULL,
  "timestamp"      timestamptz NOT NULL DEFAULT now(),
  "from"           text        NOT NULL,
  "to"             text        NOT NULL,
  text             text
);
CREATE INDEX IF NOT EXISTS messages_from ON app.messages ("from", "timestamp");
CREATE INDEX IF NOT EXISTS messages_to ON app.messages ("to", "timestamp");
CREATE INDEX IF NOT EXISTS messages_conversation ON app.messages (("conversationId"::text));

-- What a bot's reports need and its row does not say. Without a row here: the slug is made of the
-- id, and the rest is as below in reports.tenant.
CREATE TABLE IF NOT EXISTS app.bot_settings (
  bot_id    text        NOT NULL PRIMARY KEY REFERENCES app.bots (id),
  slug      text        UNIQUE,
  time_zone text,
  locale    text,
  currency  text,
  active    boolean     NOT NULL DEFAULT true,
  created   timestamptz -- when the platform got the bot: no report is made of a period before
);

-- Clients are counted by a pseudonym that nobody can compute without this secret. The reader has
-- no right to it.
CREATE TABLE IF NOT EXISTS app.report_secret (
  only_row boolean NOT NULL DEFAULT true PRIMARY KEY CHECK (only_row),
  secret   uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO app.report_secret DEFAULT VALUES ON CONFLICT DO NOTHING;

CREATE OR REPLACE FUNCTION app.pseudonym(address text) RETURNS uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT left(encode(sha256(uuid_send(s.secret) || convert_to(address, 'UTF8')), 'hex'), 32)::uuid
  FROM app.report_secret s
$$;

-- Deleting a message moves it to the archive. Erasing a client does not.
CREATE OR REPLACE FUNCTION app.archive_message() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('conversations.erasing', true) IS DISTINCT FROM 'on' THEN
    -- With every column: a foreign table has no defaults of the table behind it.
    INSERT INTO archive.messages (id, "conversationId", "timestamp", "from", "to", text, archived)
    VALUES (OLD.id, OLD."conversationId", OLD."timestamp", OLD."from", OLD."to", OLD.text, now());
  END IF;
  RETURN OLD;
END
$$;
DROP TRIGGER IF EXISTS archive_message ON app.messages;
CREATE TRIGGER archive_message BEFORE DELETE ON app.messages
  FOR EACH ROW EXECUTE FUNCTION app.archive_message();

-- Erases a client's messages, live and archived (LGPD, article 18, VI). Returns the pseudonym, for
-- `yearbook purge --tenant BOT --user PSEUDONYM`, which makes all reports again without the client.
-- With several databases, call it in each that has live messages.
CREATE OR REPLACE FUNCTION app.erase_client(address text) RETURNS uuid
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM app.bots b WHERE b.id = address) THEN
    RAISE EXCEPTION 'this is a bot, not a client';
  END IF;
  IF EXISTS (
    SELECT FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid AND c.relkind = 'f'
    WHERE i.inhparent = 'app.messages'::regclass
  ) THEN
    RAISE EXCEPTION 'the messages are in other databases' USING HINT = 'Call this function in each of them.';
  END IF;
  PERFORM set_config('conversations.erasing', 'on', true);
  DELETE FROM app.messages m WHERE address IN (m."from", m."to");
  PERFORM set_config('conversations.erasing', 'off', true);
  IF to_regclass('archive.messages') IS NOT NULL THEN
    DELETE FROM archive.messages m WHERE address IN (m."from", m."to");
  END IF;
  RETURN app.pseudonym(address);
END
$$;
REVOKE ALL ON FUNCTION app.pseudonym(text), app.erase_client(text), app.archive_message() FROM PUBLIC;

DO $part$
DECLARE
  part constant text := coalesce(nullif(current_setting('conversations.part', true), ''), 'both');
  messages text := '';
BEGIN
  IF part NOT IN ('both', 'live', 'archive') THEN
    RAISE EXCEPTION 'conversations.part is %, expected live, archive or both', quote_literal(part);
  END IF;
  IF part <> 'live' THEN
    CREATE TABLE IF NOT EXISTS archive.messages (
      id               uuid        NOT NULL PRIMARY KEY,
      "conversationId" uuid        NOT NULL,
      "timestamp"      timestamptz NOT NULL,
      "from"           text        NOT NULL,
      "to"             text        NOT NULL,
      text             text,
      archived         timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX IF NOT EXISTS messages_from ON archive.messages ("from", "timestamp");
    CREATE INDEX IF NOT EXISTS messages_to ON archive.messages ("to", "timestamp");
    CREATE INDEX IF NOT EXISTS messages_conversation ON archive.messages (("conversationId"::text));
  END IF;
  IF part <> 'archive' THEN
    messages := $sql$SELECT id, "conversationId", "timestamp", "from", "to", text, false AS archived
      FROM app.messages$sql$;
  END IF;
  IF part = 'both' THEN
    messages := messages || ' UNION ALL ';
  END IF;
  IF part <> 'live' THEN
    messages := messages
      || $sql$SELECT id, "conversationId", "timestamp", "from", "to", text, true AS archived FROM archive.messages$sql$;
  END IF;
  -- What a bot sent, and what it received. Each half knows its bot by an equality, so that PostgreSQL
  -- reaches the index on its end, also in another database. A message of a bot to itself is sent.
  -- The secret is read with the rights of the view's owner, and never shown. A conversation is a
  -- text: the isolation trial gives tenants texts in common, and never keys.
  EXECUTE format($sql$
    CREATE OR REPLACE VIEW reports.message AS
    SELECT
      b.id AS tenant_id, m.id AS id, m."conversationId"::text AS conversation,
      left(encode(sha256(uuid_send((SELECT s.secret FROM app.report_secret s)) || convert_to(m."to", 'UTF8')),
        'hex'), 32)::uuid AS client,
      m."timestamp" AS sent, 'sent' AS direction, m."from" = m."to" AS is_to_itself,
      char_length(m.text) AS characters, m.archived AS archived
    FROM (%1$s) m
    JOIN app.bots b ON b.id = m."from"
    UNION ALL
    SELECT
      b.id, m.id, m."conversationId"::text,
      left(encode(sha256(uuid_send((SELECT s.secret FROM app.report_secret s)) || convert_to(m."from", 'UTF8')),
        'hex'), 32)::uuid,
      m."timestamp", 'received', false, char_length(m.text), m.archived
    FROM (%1$s) m
    JOIN app.bots b ON b.id = m."to"
    WHERE m."from" <> m."to"$sql$, messages);
END
$part$;

CREATE OR REPLACE VIEW reports.tenant AS
SELECT
  b.id AS id,
  coalesce(s.slug, trim('-' FROM left(regexp_replace(lower(b.id), '[^a-z0-9]+', '-', 'g'), 63))) AS slug,
  coalesce(nullif(btrim(b.name), ''), b.id) AS name,
  coalesce(s.time_zone, 'America/Sao_Paulo') AS time_zone,
  coalesce(s.locale, 'pt-BR') AS locale,
  coalesce(s.currency, 'BRL') AS currency,
  CASE WHEN coalesce(s.active, true) THEN 'active' ELSE 'inactive' END AS status,
  s.created AS created
FROM app.bots b
LEFT JOIN app.bot_settings s ON s.bot_id = b.id;

-- The reader sees the views and nothing else: no text and no address of a client.
DO $reader$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_reader') THEN
    CREATE ROLE yearbook_reader LOGIN NOINHERIT;
  END IF;
  ALTER ROLE yearbook_reader SET default_transaction_read_only = on;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO yearbook_reader', current_database());
END
$reader$;
REVOKE ALL ON SCHEMA app, archive FROM PUBLIC, yearbook_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA app FROM yearbook_reader;
REVOKE ALL ON ALL TABLES IN SCHEMA archive FROM yearbook_reader;
GRANT USAGE ON SCHEMA reports TO yearbook_reader;
GRANT SELECT ON reports.tenant, reports.message TO yearbook_reader;
