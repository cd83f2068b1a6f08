-- The roles that Yearbook logs in with. PostgreSQL 13 or later; run as a superuser or a role
-- with CREATEROLE that owns what it grants, with psql or over any connection. Running it again
-- changes nothing. Passwords are not set here: use \password, or the server's own authentication.
--
--   yearbook_reader   the source: may SELECT in schema app, but for the withheld columns, and nothing else
--   yearbook          the record: owns schema yearbook in the record's database
--   yearbook_service  the HTTP service: may insert and read requests in the record, and cancel one that
--                     waits. Where the record is older than this role, run this file again after the
--                     first run of a program that knows the service.
--
-- Where source and record are two databases, run it in each with its part named, for example
--
--   PGOPTIONS='-c yearbook.part=source' psql -d platform -f platform-role.sql
--   PGOPTIONS='-c yearbook.part=record' psql -d yearbook -f platform-role.sql
--
-- People's addresses are granted only with -c yearbook.deliver=on: messages are then sent to them.

DO $roles$
DECLARE
  part constant text := coalesce(nullif(current_setting('yearbook.part', true), ''), 'both');
  -- Columns that no report reads. pipelines/platform.yaml has the same list under 'withheld', and
  -- the addresses under 'addresses'.
  deliver constant boolean := coalesce(nullif(current_setting('yearbook.deliver', true), ''), 'off')::boolean;
  withheld constant text[] := ARRAY['user.age', 'message.body', 'notification.body']
    || CASE WHEN deliver THEN '{}'::text[] ELSE ARRAY['user.email'] END;
  readable record;
BEGIN
  IF part NOT IN ('both', 'source', 'record') THEN
    RAISE EXCEPTION 'yearbook.part is %, expected source, record or both', quote_literal(part);
  END IF;

  IF EXISTS (
    SELECT FROM pg_catalog.pg_roles
    WHERE rolname IN ('yearbook', 'yearbook_reader', 'yearbook_service')
      AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication
        OR rolbypassrls AND rolname <> 'yearbook_reader')
  ) THEN
    RAISE EXCEPTION 'yearbook, yearbook_reader or yearbook_service exists with more rights than it may have'
      USING HINT = 'Take SUPERUSER, CREATEROLE, CREATEDB and REPLICATION from it, and BYPASSRLS from yearbook and yearbook_service.';
  END IF;

  IF part IN ('both', 'source') THEN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'app') THEN
      RAISE EXCEPTION 'database % has no schema app', quote_ident(current_database())
        USING HINT = 'Create the platform''s schema first, or set yearbook.part to record.';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_reader') THEN
      CREATE ROLE yearbook_reader LOGIN NOINHERIT;
    END IF;
    -- A second lock behind the missing privileges: a session of this role starts read-only.
    ALTER ROLE yearbook_reader SET default_transaction_read_only = on;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO yearbook_reader', current_database());
    REVOKE ALL ON SCHEMA app FROM yearbook_reader;
    REVOKE ALL ON ALL TABLES IN SCHEMA app FROM yearbook_reader;
    GRANT USAGE ON SCHEMA app TO yearbook_reader;
    GRANT SELECT ON ALL TABLES IN SCHEMA app TO yearbook_reader;
    -- A right to the whole table covers every column. So a table with a withheld column is granted
    -- column by column; run this file again after a column was added to it.
    FOR readable IN
      SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ') AS columns
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'app'
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND c.relname || '.' || a.attname <> ALL (withheld)
      WHERE c.relname IN (SELECT split_part(w, '.', 1) FROM unnest(withheld) AS w)
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      GROUP BY c.relname
      UNION ALL
      -- A table that inherits from such a table has its columns too.
      SELECT c.relname, string_agg(quote_ident(a.attname), ', ')
      FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'app'
      JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
      JOIN pg_catalog.pg_class p ON p.oid = i.inhparent
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND p.relname || '.' || a.attname <> ALL (withheld)
      WHERE p.relname IN (SELECT split_part(w, '.', 1) FROM unnest(withheld) AS w)
      GROUP BY c.relname
    LOOP
      EXECUTE format('REVOKE SELECT ON app.%I FROM yearbook_reader', readable.name);
      EXECUTE format('GRANT SELECT (%s) ON app.%I TO yearbook_reader', readable.columns, readable.name);
    END LOOP;
    -- A view that reads a withheld column shows it under any name.
    FOR readable IN
      SELECT DISTINCT v.relname AS name
      FROM pg_catalog.pg_class v
      JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace AND n.nspname = 'app'
      JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid AND v.relkind IN ('v', 'm')
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
      JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND d.refclassid = 'pg_catalog.pg_class'::regclass
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
      WHERE c.relname || '.' || a.attname = ANY (withheld)
    LOOP
      EXECUTE format('REVOKE ALL ON app.%I FROM yearbook_reader', readable.name);
    END LOOP;
    -- Policies would hide rows, and Yearbook refuses to report on a part of them.
    IF EXISTS (
      SELECT FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'app'
      JOIN pg_catalog.pg_roles r ON r.rolname = 'yearbook_reader' AND NOT r.rolbypassrls
      WHERE c.relrowsecurity
    ) THEN
      RAISE WARNING 'tables of app have row-level security, so yearbook_reader does not see all rows'
        USING HINT = 'As a superuser: ALTER ROLE yearbook_reader BYPASSRLS';
    END IF;
    -- Tables that this role adds to app later are readable too.
    ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO yearbook_reader;
  END IF;

  IF part IN ('both', 'record') THEN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook') THEN
      CREATE ROLE yearbook LOGIN;
    END IF;
    -- CREATE: the isolation trial makes a schema of its own here and rolls it back.
    EXECUTE format('GRANT CONNECT, CREATE ON DATABASE %I TO yearbook', current_database());
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'yearbook') THEN
      ALTER SCHEMA yearbook OWNER TO yearbook;
    ELSE
      CREATE SCHEMA yearbook AUTHORIZATION yearbook;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_service') THEN
      CREATE ROLE yearbook_service LOGIN NOINHERIT;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO yearbook_service', current_database());
    -- The tables are made, and the rights to them given, by the first run. A record that had them
    -- before it had this role gives them here.
    IF to_regprocedure('yearbook.cancel_request(bigint, uuid)') IS NOT NULL THEN
      BEGIN
        GRANT USAGE ON SCHEMA yearbook TO yearbook_service;
        GRANT SELECT (id, tenant_id, report_type, period, created_date, status, location, error,
            is_request, started, finished, due, request_key, request_digest)
          ON yearbook.reports TO yearbook_service;
        GRANT INSERT (tenant_id, user_id, report_type, period, request_key, request_digest)
          ON yearbook.reports TO yearbook_service;
        GRANT USAGE ON SEQUENCE yearbook.reports_id_seq TO yearbook_service;
        GRANT EXECUTE ON FUNCTION yearbook.cancel_request(bigint, uuid) TO yearbook_service;
        IF EXISTS (
          SELECT FROM pg_catalog.pg_attribute
          WHERE attrelid = 'yearbook.reports'::regclass AND attname = 'failure' AND NOT attisdropped
        ) THEN
          GRANT SELECT (failure) ON yearbook.reports TO yearbook_service;
        END IF;
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE WARNING 'the rights of yearbook_service in schema yearbook were not given'
          USING HINT = 'Run this file as a superuser, or give them as yearbook: docs/how-to/serve.md';
      END;
    END IF;
  END IF;
END
$roles$;
