extension RecordSchema {
  /// Counters of ended runs. They are counted once, in the transaction that records the end of a
  /// run: by the run itself, or by whoever finds it dead. They stay when old runs are dropped.
  ///
  /// The bounds of the histogram are those of `MetricCatalog.durations`.
  static let tally = """
    CREATE TABLE IF NOT EXISTS yearbook.tally (
      metric text NOT NULL,
      labels text[] NOT NULL,
      value double precision NOT NULL,
      PRIMARY KEY (metric, labels)
    );
    COMMENT ON TABLE yearbook.tally IS
      'counters of ended runs, which only grow: also what is dropped of old runs stays counted';
    COMMENT ON COLUMN yearbook.tally.labels IS 'the values of the metric''s labels, in its order';
    CREATE INDEX IF NOT EXISTS run_by_name ON yearbook.run (name, started);
    CREATE INDEX IF NOT EXISTS run_under_way ON yearbook.run (name) WHERE state = 'running';
    CREATE INDEX IF NOT EXISTS partition_warned ON yearbook.partition (pipeline) WHERE warnings <> '[]';

    CREATE OR REPLACE FUNCTION yearbook.tally(ids text[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO yearbook.tally AS t (metric, labels, value)
      SELECT metric, labels, sum(value) FROM (
        SELECT 'runs' AS metric, ARRAY[name, state] AS labels, 1::float8 AS value
        FROM yearbook.run WHERE id = ANY (ids)
        UNION ALL
        SELECT 'runs_duration_seconds', ARRAY[name],
          greatest(extract(epoch FROM finished - started), 0)::float8
        FROM yearbook.run WHERE id = ANY (ids) AND finished IS NOT NULL
        UNION ALL
        SELECT 'run_partitions', ARRAY[r.name, c.outcome], c.count
        FROM yearbook.run r CROSS JOIN LATERAL (VALUES ('published', r.published),
          ('unchanged', r.unchanged), ('failed', r.failed), ('skipped', r.skipped)) c(outcome, count)
        WHERE r.id = ANY (ids)
        UNION ALL
        SELECT 'run_stages', ARRAY[r.name, c.outcome], c.count
        FROM yearbook.run r CROSS JOIN LATERAL (VALUES ('ran', r.stages_run),
          ('found', r.stages_found)) c(outcome, count)
        WHERE r.id = ANY (ids)
        UNION ALL
        SELECT 'failures', ARRAY[pipeline, stage, code], count(*)
        FROM yearbook.failure WHERE run_id = ANY (ids) GROUP BY pipeline, stage, code
        UNION ALL
        SELECT 'stage_attempts', ARRAY[pipeline, stage, coalesce(code, 'ok')], count(*)
        FROM yearbook.attempt WHERE run_id = ANY (ids) GROUP BY pipeline, stage, code
        UNION ALL
        SELECT 'stage_duration_seconds', ARRAY[pipeline, stage, b.bound], b.value
        FROM (
          SELECT pipeline, stage, sum(seconds::float8) AS sum, count(*) AS count,
            count(*) FILTER (WHERE seconds <= 0.05::real) AS b1,
            count(*) FILTER (WHERE seconds <= 0.25) AS b2,
            count(*) FILTER (WHERE seconds <= 1) AS b3, count(*) FILTER (WHERE seconds <= 5) AS b4,
            count(*) FILTER (WHERE seconds <= 15) AS b5, count(*) FILTER (WHERE seconds <= 60) AS b6,
            count(*) FILTER (WHERE seconds <= 300) AS b7, count(*) FILTER (WHERE seconds <= 1800) AS b8,
            count(*) FILTER (WHERE seconds <= 7200) AS b9
          FROM yearbook.attempt WHERE run_id = ANY (ids) AND code IS NULL GROUP BY pipeline, stage
        ) a CROSS JOIN LATERAL (VALUES ('1', b1), ('2', b2), ('3', b3), ('4', b4), ('5', b5),
          ('6', b6), ('7', b7), ('8', b8), ('9', b9), ('count', count), ('sum', sum)) b(bound, value)
      ) counted
      GROUP BY metric, labels ORDER BY metric, labels
      ON CONFLICT (metric, labels) DO UPDATE SET value = t.value + excluded.value
    $$;

    -- Runs that end at the same time count one after the other. A fault here costs numbers, not a run.
    CREATE OR REPLACE FUNCTION yearbook.tally_run() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('yearbook tally', 0));
        PERFORM yearbook.tally(ARRAY[NEW.id]);
        RETURN NULL;
      EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'run % was not counted: %', NEW.id, SQLSTATE;
        RETURN NULL;
      END
    $$;
    DROP TRIGGER IF EXISTS tally_run ON yearbook.run;
    CREATE TRIGGER tally_run AFTER UPDATE OF state ON yearbook.run FOR EACH ROW
      WHEN (OLD.state = 'running' AND NEW.state <> 'running') EXECUTE FUNCTION yearbook.tally_run();
    SELECT yearbook.tally(coalesce(array_agg(id), '{}')) FROM yearbook.run
    WHERE state <> 'running' AND NOT EXISTS (SELECT FROM yearbook.tally);

    -- The moment of a civil time in a zone. A zone that this server does not know is taken as UTC.
    CREATE OR REPLACE FUNCTION yearbook.moment_in(zone text, civil timestamp) RETURNS timestamptz
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RETURN civil AT TIME ZONE zone;
      EXCEPTION WHEN invalid_parameter_value THEN
        RETURN civil AT TIME ZONE 'UTC';
      END
    $$;
    -- The first time of day `due` that is more than twelve hours after `since`: what begins less
    -- than twelve hours before a deadline is done for it.
    CREATE OR REPLACE FUNCTION yearbook.next_due(since timestamptz, due time, zone text)
    RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT min(moment) FROM (
        SELECT yearbook.moment_in(zone,
          yearbook.time_in(zone, since + interval '12 hours')::date + days + due) AS moment
        FROM generate_series(0, 2) days
      ) d WHERE moment > since + interval '12 hours'
    $$;
    """

  /// Warnings are counted often, and few partitions have any.
  static let warned = """
    CREATE INDEX IF NOT EXISTS partition_warned ON yearbook.partition (pipeline) WHERE warnings <> '[]';
    """
}
