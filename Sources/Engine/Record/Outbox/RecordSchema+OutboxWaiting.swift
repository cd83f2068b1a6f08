extension RecordSchema {
  /// What senders look for, so that they pass over what is not due, not theirs, or gone; and what
  /// is counted often.
  static let outboxWaiting = """
    DROP INDEX IF EXISTS yearbook.outbox_tenant;
    CREATE INDEX IF NOT EXISTS outbox_waiting ON yearbook.outbox (channel, tenant_id, not_before, id)
      WHERE state IN ('pending', 'retryable', 'uncertain');
    CREATE INDEX IF NOT EXISTS outbox_dead ON yearbook.outbox (channel) WHERE state = 'dead';

    -- When the hours in a zone begin next; now, if they have begun.
    CREATE OR REPLACE FUNCTION yearbook.opening(zone text, opens time, closes time) RETURNS timestamptz
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT CASE WHEN yearbook.may_leave(zone, opens, closes) THEN t.at
        -- A change to or from summer time on the way moves it by an hour; then it is asked again.
        ELSE t.at + (date_trunc('day', t.here) + opens::interval
          + CASE WHEN t.here::time < opens THEN interval '0' ELSE interval '1 day' END - t.here) END
      FROM (SELECT c.at, yearbook.time_in(zone, c.at) AS here FROM (SELECT clock_timestamp() AS at) c) t
    $$;

    CREATE OR REPLACE VIEW yearbook.outbox_states AS
      SELECT channel, state, count(*) AS messages, min(queued) AS oldest FROM yearbook.outbox
      WHERE state IN ('pending', 'retryable', 'uncertain') GROUP BY channel, state
      UNION ALL
      SELECT channel, state, count(*), min(queued) FROM yearbook.outbox
      WHERE state = 'sending' GROUP BY channel, state
      UNION ALL
      SELECT channel, state, count(*), min(queued) FROM yearbook.outbox
      WHERE state = 'dead' GROUP BY channel, state;
    COMMENT ON VIEW yearbook.outbox_states IS
      'messages that wait, are being sent or are dead, by channel; each part has its own index';

    CREATE OR REPLACE VIEW yearbook.outbox_day AS
      SELECT channel, state, count(*) AS messages, sum(doubts) AS doubts FROM yearbook.outbox
      WHERE ended > now() - interval '1 day' AND address IS NOT NULL GROUP BY channel, state;
    COMMENT ON VIEW yearbook.outbox_day IS
      'messages that were sent, refused or held back within a day, by channel, as far as delivery.keep reaches';

    CREATE OR REPLACE VIEW yearbook.incidents AS
      SELECT channel, destination, problem, opened, closed,
        extract(epoch FROM coalesce(closed, now()) - opened)::numeric(12, 3) AS seconds
      FROM yearbook.incident;
    COMMENT ON VIEW yearbook.incidents IS
      'times in which a destination took no messages; closed is null while it lasts';
    """
}
