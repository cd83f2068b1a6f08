-- What is told when a request for a report has ended: a view of the run record, and a role that can read it and nothing else.
-- Run it in the record's database, as its administrator or as a role that owns the record and can make roles, after the
-- first run of `yearbook`. A second time it changes nothing. The view has no person, no error text and no place in the store.

CREATE SCHEMA IF NOT EXISTS calls;

CREATE OR REPLACE VIEW calls.request AS
SELECT
  r.id AS id, r.tenant_id AS tenant, lower(r.report_type) AS report, r.period AS period, r.status AS state,
  r.failure AS failure, r.finished AS ended
FROM yearbook.reports r
WHERE r.is_request AND r.finished IS NOT NULL;

DO $reader$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_calls') THEN
    CREATE ROLE yearbook_calls LOGIN NOINHERIT;
  END IF;
  ALTER ROLE yearbook_calls SET default_transaction_read_only = on;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO yearbook_calls', current_database());
END
$reader$;
REVOKE ALL ON SCHEMA calls FROM PUBLIC;
GRANT USAGE ON SCHEMA calls TO yearbook_calls;
GRANT SELECT ON calls.request TO yearbook_calls;
