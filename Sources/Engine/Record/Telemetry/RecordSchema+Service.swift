extension RecordSchema {
  /// Service levels, what runs measured, and upkeep of the store.
  static let service = """
    ALTER TABLE yearbook.run ADD COLUMN IF NOT EXISTS due timestamptz,
      ADD COLUMN IF NOT EXISTS on_time integer,
      ADD COLUMN IF NOT EXISTS measures jsonb NOT NULL DEFAULT '[]';
    COMMENT ON COLUMN yearbook.run.due IS
      'the deadline that the run was for; null if it began more than twelve hours before the next, or there is none';
    COMMENT ON COLUMN yearbook.run.on_time IS
      'how many partitions were published or unchanged when the record last heard of the run before its deadline';
    COMMENT ON COLUMN yearbook.run.measures IS
      'numbers that only the run itself knows, such as the rows it read; counted in yearbook.tally once it has ended';
    CREATE INDEX IF NOT EXISTS run_due ON yearbook.run (name, due) WHERE due IS NOT NULL;

    CREATE TABLE IF NOT EXISTS yearbook.service (
      schedule text PRIMARY KEY,
      due time NOT NULL,
      zone text NOT NULL,
      since timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE yearbook.service IS
      'schedules with a deadline, as their last runs knew it, and since when they have one';

    -- The deadline that what begins at `since` is for: the next one, within twelve hours.
    CREATE OR REPLACE FUNCTION yearbook.due_of(since timestamptz, due time, zone text)
    RETURNS timestamptz LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT min(moment) FROM (
        SELECT yearbook.moment_in(zone, yearbook.time_in(zone, since)::date + days + due) AS moment
        FROM generate_series(0, 1) days
      ) d WHERE moment >= since AND moment <= since + interval '12 hours'
    $$;

    -- A run says each second how far it is. What it said last before its deadline was on time.
    CREATE OR REPLACE FUNCTION yearbook.note_on_time() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF clock_timestamp() <= NEW.due THEN NEW.on_time := NEW.published + NEW.unchanged; END IF;
        RETURN NEW;
      END
    $$;
    DROP TRIGGER IF EXISTS note_on_time ON yearbook.run;
    CREATE TRIGGER note_on_time BEFORE UPDATE ON yearbook.run FOR EACH ROW
      WHEN (NEW.due IS NOT NULL AND OLD.state = 'running') EXECUTE FUNCTION yearbook.note_on_time();

    -- A deadline that no run was for counts with the partitions of the run before it, and none kept.
    -- Retries are of what the whole run left, so theirs are added to its own.
    CREATE OR REPLACE VIEW yearbook.service_nights AS
      WITH past AS (
        SELECT s.schedule, r.due AS deadline FROM yearbook.service s
        JOIN yearbook.run r ON r.name = s.schedule
        WHERE r.due <= now() AND r.due > now() - interval '30 days'
        UNION
        SELECT s.schedule, m.moment FROM yearbook.service s CROSS JOIN generate_series(0, 31) days
        CROSS JOIN LATERAL (SELECT yearbook.moment_in(s.zone,
          yearbook.time_in(s.zone, now())::date - days + s.due) AS moment) m
        WHERE m.moment <= now() AND m.moment > now() - interval '30 days' AND m.moment > s.since
          AND NOT EXISTS (SELECT FROM yearbook.run r WHERE r.name = s.schedule
            AND r.due BETWEEN m.moment - interval '12 hours' AND m.moment + interval '12 hours')
      )
      SELECT p.schedule, p.deadline, coalesce(w.planned, b.planned, 0) AS partitions,
        least(coalesce(w.planned, b.planned, 0), coalesce(w.on_time, 0) + coalesce(t.on_time, 0))
          AS kept, w.runs
      FROM past p
      CROSS JOIN LATERAL (SELECT max(planned) AS planned, max(on_time) AS on_time, count(*) AS runs
        FROM yearbook.run r WHERE r.name = p.schedule AND r.due = p.deadline
          AND r.arguments !~ '(^| )(retry|--tenant|--period|--as-of)( |=|$)') w
      CROSS JOIN LATERAL (SELECT sum(on_time) AS on_time FROM yearbook.run r
        WHERE r.name = p.schedule AND r.due = p.deadline AND r.arguments ~ '^retry( |$)') t
      LEFT JOIN LATERAL (SELECT planned FROM yearbook.run r
        WHERE r.name = p.schedule AND r.started < p.deadline AND r.planned > 0
          AND r.arguments !~ '(^| )(retry|--tenant|--period|--as-of)( |=|$)'
        ORDER BY r.started DESC LIMIT 1) b ON true;
    COMMENT ON VIEW yearbook.service_nights IS
      'the deadlines of 30 days: how many partitions were due, and how many of them were published or unchanged by then';

    CREATE OR REPLACE VIEW yearbook.service_levels AS
      SELECT schedule, days, nights, partitions, kept, partitions - kept AS missed,
        kept / nullif(partitions, 0)::float8 AS level,
        (partitions - kept) / nullif(partitions, 0)::float8 / 0.001 AS burn
      FROM (
        SELECT s.schedule, w.days, count(n.deadline) AS nights,
          coalesce(sum(n.partitions), 0) AS partitions, coalesce(sum(n.kept), 0) AS kept
        FROM yearbook.service s CROSS JOIN (VALUES (1), (3), (7), (30)) w(days)
        LEFT JOIN yearbook.service_nights n ON n.schedule = s.schedule
          AND n.deadline > now() - w.days * interval '1 day'
        GROUP BY s.schedule, w.days
      ) l;
    COMMENT ON VIEW yearbook.service_levels IS
      'of the partitions due in the last days, how many were kept; burn: how many times faster than 0.1 % they were missed';

    CREATE OR REPLACE FUNCTION yearbook.tally_measures(ids text[]) RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO yearbook.tally AS t (metric, labels, value)
      SELECT m.value ->> 'metric', l.labels, sum((m.value ->> 'value')::float8)
      FROM yearbook.run r CROSS JOIN LATERAL jsonb_array_elements(r.measures) m(value)
      CROSS JOIN LATERAL (SELECT array_agg(text ORDER BY place) AS labels
        FROM jsonb_array_elements_text(m.value -> 'labels') WITH ORDINALITY e(text, place)) l
      WHERE r.id = ANY (ids) AND NOT (m.value -> 'is_gauge')::boolean AND l.labels IS NOT NULL
      GROUP BY 1, 2 ORDER BY 1, 2
      ON CONFLICT (metric, labels) DO UPDATE SET value = t.value + excluded.value
    $$;
    CREATE OR REPLACE FUNCTION yearbook.tally_run() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('yearbook tally', 0));
        PERFORM yearbook.tally(ARRAY[NEW.id]);
        PERFORM yearbook.tally_measures(ARRAY[NEW.id]);
        RETURN NULL;
      EXCEPTION WHEN OTHERS THEN
        RAISE WARNING 'run % was not counted: %', NEW.id, SQLSTATE;
        RETURN NULL;
      END
    $$;

    CREATE TABLE IF NOT EXISTS yearbook.upkeep (
      work text PRIMARY KEY,
      began timestamptz NOT NULL,
      seconds real NOT NULL,
      problems integer NOT NULL,
      good timestamptz,
      releases bigint,
      bytes bigint
    );
    COMMENT ON TABLE yearbook.upkeep IS
      'the last time that the whole store was verified or mirrored; good: when the last began that left no problem';
    """
}
