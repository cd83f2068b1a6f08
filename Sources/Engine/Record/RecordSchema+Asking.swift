extension RecordSchema {
  /// What the HTTP service needs to ask for reports: `yearbook_service` can insert and read
  /// requests, and call the one function that cancels a request.
  ///
  /// docs/platform-role.sql makes the role and gives it the same rights where the tables are there.
  static let asking = """
    ALTER TABLE yearbook.reports
      ADD COLUMN IF NOT EXISTS request_key bytea,
      ADD COLUMN IF NOT EXISTS request_digest bytea;
    COMMENT ON COLUMN yearbook.reports.request_key IS
      'the digest of the Idempotency-Key that it was asked for with, and of who asked';
    COMMENT ON COLUMN yearbook.reports.request_digest IS 'the digest of what was asked for under that key';
    CREATE UNIQUE INDEX IF NOT EXISTS reports_request_key ON yearbook.reports (tenant_id, request_key)
      WHERE request_key IS NOT NULL;
    CREATE INDEX IF NOT EXISTS reports_of_tenant ON yearbook.reports (tenant_id, id);
    ALTER TABLE yearbook.reports DROP CONSTRAINT reports_status_check,
      ADD CONSTRAINT reports_status_check
      CHECK (status IN ('requested', 'running', 'published', 'failed', 'withdrawn', 'cancelled'));

    -- Cancels a request that waits. Returns its status afterwards; null if the tenant has no such request.
    CREATE OR REPLACE FUNCTION yearbook.cancel_request(request bigint, tenant uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
      DECLARE found text;
      BEGIN
        UPDATE yearbook.reports SET status = 'cancelled', finished = now()
        WHERE id = request AND tenant_id = tenant AND is_request AND status = 'requested'
        RETURNING status INTO found;
        IF found IS NULL THEN
          SELECT status INTO found FROM yearbook.reports WHERE id = request AND tenant_id = tenant;
        END IF;
        RETURN found;
      END
    $$;
    REVOKE ALL ON FUNCTION yearbook.cancel_request(bigint, uuid) FROM PUBLIC;

    DO $$
      BEGIN
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_service') THEN
          GRANT USAGE ON SCHEMA yearbook TO yearbook_service;
          GRANT SELECT (id, tenant_id, report_type, period, created_date, status, location, error,
              is_request, started, finished, due, request_key, request_digest)
            ON yearbook.reports TO yearbook_service;
          GRANT INSERT (tenant_id, user_id, report_type, period, request_key, request_digest)
            ON yearbook.reports TO yearbook_service;
          GRANT USAGE ON SEQUENCE yearbook.reports_id_seq TO yearbook_service;
          GRANT EXECUTE ON FUNCTION yearbook.cancel_request(bigint, uuid) TO yearbook_service;
        END IF;
      END
    $$;
    """

  /// Why a request failed, as one word that can be told in any language.
  static let failures = """
    ALTER TABLE yearbook.reports ADD COLUMN IF NOT EXISTS failure text;
    COMMENT ON COLUMN yearbook.reports.failure IS
      'why a request failed, as one word: tenant, report, period, withdrawn, data, unavailable, interrupted or fault';

    DO $$
      BEGIN
        IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'yearbook_service') THEN
          GRANT SELECT (failure) ON yearbook.reports TO yearbook_service;
        END IF;
      END
    $$;
    """
}
