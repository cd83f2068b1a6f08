/// The run record's tables, as migrations: each runs once, in order, in one transaction with its
/// number.
enum RecordSchema {
  /// The number of the newest migration this program knows.
  static var version: Int { migrations.count }

  static let migrations = [
    first, second, third, fourth, fifth, sixth, withoutSecrets, withNotes, withdrawals,
    doing, extractions, comparedDays, outbox, shardTenants, people, outboxWaiting, tally,
    service, warned, folders, asking, runShards, failures,
  ]

  private static let first = """
    CREATE TABLE yearbook.run (
      id text PRIMARY KEY,
      name text NOT NULL,
      as_of text NOT NULL,
      arguments text NOT NULL,
      state text NOT NULL CHECK (state IN ('running', 'done', 'failed', 'interrupted')),
      started timestamptz NOT NULL DEFAULT now(),
      finished timestamptz,
      host text NOT NULL,
      pid integer NOT NULL,
      lock bigint NOT NULL,
      version text NOT NULL,
      planned integer NOT NULL DEFAULT 0,
      published integer NOT NULL DEFAULT 0,
      unchanged integer NOT NULL DEFAULT 0,
      failed integer NOT NULL DEFAULT 0,
      skipped integer NOT NULL DEFAULT 0,
      stages_run integer NOT NULL DEFAULT 0,
      stages_found integer NOT NULL DEFAULT 0,
      warnings integer NOT NULL DEFAULT 0
    );
    COMMENT ON TABLE yearbook.run IS 'one execution of a pipeline or schedule';

    CREATE TABLE yearbook.failure (
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      pipeline text NOT NULL,
      tenant_id uuid NOT NULL,
      slug text NOT NULL,
      period text NOT NULL,
      stage text NOT NULL,
      attempt smallint NOT NULL DEFAULT 1,
      code text NOT NULL,
      message text NOT NULL,
      hint text,
      is_transient boolean NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (run_id, pipeline, tenant_id, period, attempt)
    );
    COMMENT ON TABLE yearbook.failure IS 'a partition that failed in a run, and why';

    CREATE TABLE yearbook.result (
      key bytea PRIMARY KEY,
      tenant_id uuid NOT NULL,
      stage text NOT NULL,
      inputs jsonb NOT NULL,
      files jsonb NOT NULL,
      warnings jsonb NOT NULL,
      versions text NOT NULL,
      seconds real NOT NULL,
      run_id text NOT NULL,
      made timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ON yearbook.result (tenant_id);
    COMMENT ON TABLE yearbook.result IS 'what a stage made, by its stage key';

    CREATE TABLE yearbook.partition (
      pipeline text NOT NULL,
      tenant_id uuid NOT NULL,
      period text NOT NULL,
      slug text NOT NULL,
      state text NOT NULL CHECK (state IN ('published', 'failed')),
      status text CHECK (status IN ('provisional', 'final', 'restated')),
      release_id text,
      as_of text NOT NULL,
      run_id text NOT NULL,
      warnings jsonb NOT NULL DEFAULT '[]',
      changed timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, pipeline, period)
    );
    COMMENT ON TABLE yearbook.partition IS
      'the last outcome of one tenant, pipeline and period; a row changes only when the outcome does';

    CREATE TABLE yearbook.trial (
      fingerprint bytea PRIMARY KEY,
      pipeline text NOT NULL,
      passed timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE yearbook.trial IS 'pipelines whose exact SQL passed the isolation trial';

    CREATE TABLE yearbook.media (
      tenant_id uuid NOT NULL,
      object_key text NOT NULL,
      size bigint NOT NULL,
      modified_ns bigint NOT NULL,
      digest bytea NOT NULL,
      PRIMARY KEY (tenant_id, object_key)
    );
    COMMENT ON TABLE yearbook.media IS 'digests of media objects, so that unchanged ones are not read again';

    CREATE VIEW yearbook.runs AS
      SELECT id, name, as_of, state, started, finished,
        extract(epoch FROM coalesce(finished, now()) - started)::numeric(12, 3) AS seconds,
        planned, published, unchanged, failed, skipped, stages_run, stages_found, warnings
      FROM yearbook.run;
    CREATE VIEW yearbook.failures AS
      SELECT f.*, r.name AS run_name, r.as_of FROM yearbook.failure f
      JOIN yearbook.run r ON r.id = f.run_id;
    CREATE VIEW yearbook.partitions AS
      SELECT slug, pipeline, period, state, status, release_id, as_of, run_id,
        jsonb_array_length(warnings) AS warnings, changed
      FROM yearbook.partition;
    """

  private static let second = """
    CREATE TABLE yearbook.attempt (
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      tenant_id uuid NOT NULL,
      slug text NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      stage text NOT NULL,
      number smallint NOT NULL,
      began timestamptz NOT NULL,
      seconds real NOT NULL,
      code text,
      message text,
      hint text
    );
    CREATE INDEX ON yearbook.attempt (run_id);
    CREATE INDEX ON yearbook.attempt (tenant_id);
    COMMENT ON TABLE yearbook.attempt IS
      'one try at one stage of one partition in a run; code, message and hint where it failed';

    CREATE TABLE yearbook.progress (
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      tenant_id uuid NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      is_done boolean NOT NULL,
      PRIMARY KEY (run_id, tenant_id, pipeline, period)
    );
    COMMENT ON TABLE yearbook.progress IS
      'partitions that a running schedule has finished, for the runs that share it';

    ALTER TABLE yearbook.partition ADD COLUMN snapshot timestamptz;
    COMMENT ON COLUMN yearbook.partition.snapshot IS
      'when the rows of the release were read; rows that were read earlier never replace them';
    ALTER TABLE yearbook.result ADD COLUMN pipeline text, ADD COLUMN period text;
    COMMENT ON COLUMN yearbook.result.pipeline IS
      'with the period, the partition that the result was made for; null for a piece of a stage';
    CREATE INDEX ON yearbook.result (tenant_id, pipeline, period, stage, made)
      WHERE pipeline IS NOT NULL;
    ALTER TABLE yearbook.run ADD COLUMN is_cancelled boolean NOT NULL DEFAULT false;

    CREATE TABLE yearbook.reports (
      id bigserial PRIMARY KEY,
      tenant_id uuid NOT NULL,
      user_id uuid,
      report_type text NOT NULL CHECK (report_type = upper(report_type)),
      period text,
      created_date timestamptz NOT NULL DEFAULT now(),
      status text NOT NULL DEFAULT 'requested'
        CHECK (status IN ('requested', 'running', 'published', 'failed')),
      location text,
      error text
    );
    CREATE INDEX ON yearbook.reports (tenant_id);
    CREATE INDEX ON yearbook.reports (id) WHERE status IN ('requested', 'running');
    COMMENT ON TABLE yearbook.reports IS
      'reports that the platform requests: a pipeline (its name in capitals), a tenant, a period (null: the current one)';
    """

  private static let third = """
    ALTER TABLE yearbook.partition ADD COLUMN sequence bigint;
    COMMENT ON COLUMN yearbook.partition.sequence IS
      'the sequence of the newest published head; the store must never show an older one';

    CREATE TABLE yearbook.sealed (
      tenant_id uuid NOT NULL,
      recipients bytea NOT NULL,
      plain bytea NOT NULL,
      digest bytea NOT NULL,
      bytes bigint NOT NULL,
      PRIMARY KEY (tenant_id, recipients, plain)
    );
    COMMENT ON TABLE yearbook.sealed IS
      'the published encrypted form of a file, by the digests of its content and of its recipients';

    CREATE TABLE yearbook.erasure (
      tenant_id uuid NOT NULL,
      user_id uuid NOT NULL,
      erased timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, user_id)
    );
    COMMENT ON TABLE yearbook.erasure IS 'people whose rows are never read';
    """

  private static let fourth = """
    ALTER TABLE yearbook.reports
      ADD COLUMN is_request boolean NOT NULL DEFAULT true,
      ADD COLUMN started timestamptz,
      ADD COLUMN finished timestamptz,
      ADD COLUMN due timestamptz,
      ADD COLUMN tries smallint NOT NULL DEFAULT 0,
      ADD COLUMN worker bigint;
    COMMENT ON COLUMN yearbook.reports.is_request IS
      'false for the one row that each published partition has, requested or not';
    COMMENT ON COLUMN yearbook.reports.due IS 'not before this time; set after a temporary failure';
    COMMENT ON COLUMN yearbook.reports.worker IS
      'the advisory lock of the worker; if nobody holds the lock, any worker can take the request';
    CREATE INDEX ON yearbook.reports (started);
    CREATE UNIQUE INDEX ON yearbook.reports (tenant_id, report_type, period) WHERE NOT is_request;

    CREATE FUNCTION yearbook.announce_request() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_catalog.pg_notify('yearbook_requests', '');
        RETURN NULL;
      END
    $$;
    CREATE TRIGGER announce_request AFTER INSERT ON yearbook.reports FOR EACH ROW
      WHEN (NEW.is_request AND NEW.status = 'requested')
      EXECUTE FUNCTION yearbook.announce_request();

    CREATE FUNCTION yearbook.enter_report() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO yearbook.reports
          (tenant_id, report_type, period, status, location, is_request, finished)
        VALUES (NEW.tenant_id, upper(NEW.pipeline), NEW.period, 'published',
          format('tenants/%s/%s/%s/releases/%s', NEW.slug, NEW.pipeline, NEW.period, NEW.release_id),
          false, now())
        ON CONFLICT (tenant_id, report_type, period) WHERE NOT is_request
        DO UPDATE SET location = excluded.location, finished = excluded.finished;
        RETURN NULL;
      END
    $$;
    CREATE TRIGGER enter_report AFTER INSERT OR UPDATE OF release_id, slug ON yearbook.partition
      FOR EACH ROW WHEN (NEW.release_id IS NOT NULL) EXECUTE FUNCTION yearbook.enter_report();
    INSERT INTO yearbook.reports
      (tenant_id, report_type, period, status, location, is_request, created_date, finished)
    SELECT tenant_id, upper(pipeline), period, 'published',
      format('tenants/%s/%s/%s/releases/%s', slug, pipeline, period, release_id), false, changed, changed
    FROM yearbook.partition WHERE release_id IS NOT NULL;
    """

  private static let fifth = """
    CREATE TABLE yearbook.kept (
      tenant_id uuid NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      snapshot timestamptz NOT NULL,
      datasets jsonb NOT NULL,
      PRIMARY KEY (tenant_id, pipeline, period)
    );
    CREATE INDEX ON yearbook.kept (run_id);
    COMMENT ON TABLE yearbook.kept IS
      'the rows (blobs of the workspace) of a partition when it last failed; removed once it is published';
    """

  private static let sixth = """
    ALTER TABLE yearbook.run ADD COLUMN problem text, ADD COLUMN hint text;
    COMMENT ON COLUMN yearbook.run.problem IS
      'what stopped the whole run, as it was reported; null where all its partitions ended';
    CREATE OR REPLACE VIEW yearbook.runs AS
      SELECT id, name, as_of, state, started, finished,
        extract(epoch FROM coalesce(finished, now()) - started)::numeric(12, 3) AS seconds,
        planned, published, unchanged, failed, skipped, stages_run, stages_found, warnings,
        problem, hint
      FROM yearbook.run;
    """

  /// Partitions that were published can be withdrawn. Then their report has no location.
  private static let withdrawals = """
    ALTER TABLE yearbook.partition DROP CONSTRAINT partition_status_check,
      ADD CONSTRAINT partition_status_check
      CHECK (status IN ('provisional', 'final', 'restated', 'withdrawn'));
    ALTER TABLE yearbook.reports DROP CONSTRAINT reports_status_check,
      ADD CONSTRAINT reports_status_check
      CHECK (status IN ('requested', 'running', 'published', 'failed', 'withdrawn'));
    CREATE OR REPLACE FUNCTION yearbook.enter_report() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO yearbook.reports AS known
          (tenant_id, report_type, period, status, location, is_request, finished)
        VALUES (NEW.tenant_id, upper(NEW.pipeline), NEW.period,
          CASE NEW.status WHEN 'withdrawn' THEN 'withdrawn' ELSE 'published' END,
          CASE NEW.status WHEN 'withdrawn' THEN NULL ELSE
            format('tenants/%s/%s/%s/releases/%s', NEW.slug, NEW.pipeline, NEW.period, NEW.release_id) END,
          false, now())
        ON CONFLICT (tenant_id, report_type, period) WHERE NOT is_request
        DO UPDATE SET status = excluded.status, location = excluded.location, finished = excluded.finished
        WHERE (known.status, known.location) IS DISTINCT FROM (excluded.status, excluded.location);
        RETURN NULL;
      END
    $$;
    DROP TRIGGER enter_report ON yearbook.partition;
    CREATE TRIGGER enter_report AFTER INSERT OR UPDATE OF release_id, slug, status ON yearbook.partition
      FOR EACH ROW WHEN (NEW.release_id IS NOT NULL) EXECUTE FUNCTION yearbook.enter_report();
    """

  private static let doing = """
    ALTER TABLE yearbook.run ADD COLUMN IF NOT EXISTS doing jsonb;
    COMMENT ON COLUMN yearbook.run.doing IS 'what the run does now; null where it has ended';
    """

  /// Earlier programs recorded connection strings, which can hold a password, with the arguments.
  ///
  /// A word is quoted as by a shell. Where something like a password is left, because the words
  /// were not quoted, only the name of what ran is kept.
  private static let withoutSecrets = #"""
    UPDATE yearbook.run SET arguments = btrim(regexp_replace(regexp_replace(arguments,
        '(^| )--(source|record) (''[^'']*''|\\.|[^'' \\])+', '', 'g'),
        '(^| )(?=''?--(source|record)=)(''[^'']*''|\\.|[^'' \\])+', '', 'g'))
    WHERE arguments ~ '--(source|record)';
    UPDATE yearbook.run SET arguments = 'run ' || name
    WHERE arguments ~* '--(source|record)|passw(or)?d|://[^/ ]*@';
    """#

  private static let withNotes = """
    ALTER TABLE yearbook.run ADD COLUMN IF NOT EXISTS notes jsonb NOT NULL DEFAULT '[]';
    COMMENT ON COLUMN yearbook.run.notes IS 'warnings about the run as a whole, such as a wrong clock';
    """

  private static let extractions = """
    CREATE TABLE IF NOT EXISTS yearbook.extraction (
      tenant_id uuid NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      key bytea NOT NULL,
      inputs jsonb NOT NULL,
      cutoff bigint NOT NULL,
      next bigint,
      snapshot bigint NOT NULL,
      shape bytea NOT NULL,
      datasets text NOT NULL,
      PRIMARY KEY (tenant_id, pipeline, period)
    );
    COMMENT ON TABLE yearbook.extraction IS
      'which datasets a partition had when its rows were last read, and everything that decided them';
    COMMENT ON COLUMN yearbook.extraction.next IS
      'before this moment (microseconds since 1970), a later cut-off gives the same datasets; null: every later one';
    COMMENT ON COLUMN yearbook.extraction.datasets IS
      'rows, bytes and SHA-256 of each dataset of the shape, a line each';
    CREATE TABLE IF NOT EXISTS yearbook.shape (digest bytea PRIMARY KEY, datasets jsonb NOT NULL);
    COMMENT ON TABLE yearbook.shape IS 'names and columns of the datasets of an extraction';
    CREATE TABLE IF NOT EXISTS yearbook.seed (
      is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
      first bigint NOT NULL,
      second bigint NOT NULL
    );
    COMMENT ON TABLE yearbook.seed IS 'random numbers that the fingerprints of rows begin with';
    ALTER TABLE yearbook.trial ADD COLUMN IF NOT EXISTS reads jsonb;
    COMMENT ON COLUMN yearbook.trial.reads IS 'what the queries read, by PostgreSQL''s parse of them';
    """

  private static let comparedDays = """
    ALTER TABLE yearbook.extraction ADD COLUMN IF NOT EXISTS previous_end_from bigint,
      ADD COLUMN IF NOT EXISTS previous_end_to bigint;
    COMMENT ON COLUMN yearbook.extraction.previous_end_from IS
      'the first previous_ends_at (microseconds since 1970) that gives the same datasets; null: no such limit';
    COMMENT ON COLUMN yearbook.extraction.previous_end_to IS
      'the last previous_ends_at that gives the same datasets; null: no such limit';
    """
}
