extension RecordSchema {
  /// What people are told: the outbox, what is known of the places it is sent to, who wants no
  /// messages, and what is wrong with sending.
  static let outbox = """
    CREATE TABLE IF NOT EXISTS yearbook.telling (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant_id uuid NOT NULL,
      slug text NOT NULL,
      tenant_name text NOT NULL,
      zone text NOT NULL,
      pipeline text NOT NULL,
      period text NOT NULL,
      message text NOT NULL,
      event text NOT NULL,
      payload bytea NOT NULL,
      release_id text,
      channel text NOT NULL,
      template text NOT NULL,
      opens time,
      closes time,
      is_digest boolean NOT NULL DEFAULT false,
      UNIQUE (tenant_id, pipeline, period, message, event, payload)
    );
    COMMENT ON TABLE yearbook.telling IS 'what there is to tell, once for all its recipients';
    COMMENT ON COLUMN yearbook.telling.payload IS
      'the digest of the release''s files; empty where each row of a query is a message';

    CREATE TABLE IF NOT EXISTS yearbook.outbox (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      key bytea NOT NULL,
      said bytea NOT NULL UNIQUE,
      telling bigint NOT NULL,
      tenant_id uuid NOT NULL,
      channel text NOT NULL,
      recipient bytea,
      address text,
      name text,
      locale text,
      user_id uuid,
      content jsonb,
      state text NOT NULL DEFAULT 'pending' CHECK (state IN
        ('pending', 'sending', 'sent', 'retryable', 'uncertain', 'dead', 'suppressed')),
      attempts integer NOT NULL DEFAULT 0,
      doubts integer NOT NULL DEFAULT 0,
      queued timestamptz NOT NULL DEFAULT now(),
      not_before timestamptz NOT NULL DEFAULT now(),
      destination text,
      worker bigint,
      lease timestamptz,
      began timestamptz,
      carrier bigint,
      answer text,
      ended timestamptz
    );
    CREATE INDEX IF NOT EXISTS outbox_tenant ON yearbook.outbox (tenant_id, id)
      WHERE state IN ('pending', 'sending', 'retryable', 'uncertain');
    CREATE INDEX IF NOT EXISTS outbox_recipient ON yearbook.outbox (recipient, id)
      WHERE state IN ('pending', 'sending', 'retryable', 'uncertain');
    CREATE INDEX IF NOT EXISTS outbox_worker ON yearbook.outbox (worker) WHERE state = 'sending';
    CREATE INDEX IF NOT EXISTS outbox_ended ON yearbook.outbox (ended) WHERE address IS NOT NULL AND ended IS NOT NULL;
    COMMENT ON TABLE yearbook.outbox IS 'one message to one recipient; a key is queued once, ever';
    COMMENT ON COLUMN yearbook.outbox.key IS
      'SHA-256 of tenant, channel, recipient, event, payload and template; unique, because said is';
    COMMENT ON COLUMN yearbook.outbox.said IS
      'the same without the template: a corrected template says nothing again';
    COMMENT ON COLUMN yearbook.outbox.telling IS
      'the row of yearbook.telling; without a foreign key, which would cost a look-up for each message';
    COMMENT ON COLUMN yearbook.outbox.recipient IS 'SHA-256 of the address in lower case';
    COMMENT ON COLUMN yearbook.outbox.doubts IS 'how often the answer was lost after all was sent';
    COMMENT ON COLUMN yearbook.outbox.began IS
      'when this try was handed to the channel; null while it waits under a lease';
    COMMENT ON COLUMN yearbook.outbox.carrier IS 'the message in which this one was told too';

    CREATE TABLE IF NOT EXISTS yearbook.destination (
      channel text NOT NULL,
      name text NOT NULL,
      arrival timestamptz NOT NULL DEFAULT '-infinity',
      failures integer NOT NULL DEFAULT 0,
      trips integer NOT NULL DEFAULT 0,
      opened timestamptz,
      probe timestamptz,
      PRIMARY KEY (channel, name)
    );
    COMMENT ON TABLE yearbook.destination IS
      'a place that messages go to: its pace over all hosts, and its circuit breaker';
    COMMENT ON COLUMN yearbook.destination.arrival IS
      'the theoretical arrival time of the next message (GCRA)';
    COMMENT ON COLUMN yearbook.destination.probe IS
      'while the breaker is open, one message may try from this time on';

    CREATE TABLE IF NOT EXISTS yearbook.incident (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      channel text NOT NULL,
      destination text NOT NULL,
      problem text NOT NULL,
      opened timestamptz NOT NULL DEFAULT now(),
      closed timestamptz
    );
    CREATE UNIQUE INDEX IF NOT EXISTS incident_open ON yearbook.incident (channel, destination) WHERE closed IS NULL;
    COMMENT ON TABLE yearbook.incident IS 'a time in which a destination took no messages, and why';

    CREATE TABLE IF NOT EXISTS yearbook.suppression (
      recipient bytea PRIMARY KEY,
      reason text NOT NULL DEFAULT '',
      since timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE yearbook.suppression IS
      'who gets no messages, by the SHA-256 of the address in lower case: yearbook.suppress(address, reason)';
    CREATE OR REPLACE FUNCTION yearbook.suppress(address text, reason text DEFAULT '') RETURNS void
    LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
      INSERT INTO yearbook.suppression (recipient, reason)
      VALUES (sha256(convert_to(lower(btrim(address) COLLATE "C"), 'UTF8')), reason) ON CONFLICT DO NOTHING
    $$;

    -- The time of day in a zone. A name that this server does not know is taken as UTC.
    CREATE OR REPLACE FUNCTION yearbook.time_in(zone text, at timestamptz) RETURNS timestamp
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        RETURN at AT TIME ZONE zone;
      EXCEPTION WHEN invalid_parameter_value THEN
        RETURN at AT TIME ZONE 'UTC';
      END
    $$;
    CREATE OR REPLACE FUNCTION yearbook.may_leave(zone text, opens time, closes time) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
      SELECT CASE WHEN opens IS NULL THEN true
        WHEN opens < closes THEN t.now >= opens AND t.now < closes
        ELSE t.now >= opens OR t.now < closes END
      FROM (SELECT yearbook.time_in(zone, clock_timestamp())::time AS now) t
    $$;

    CREATE OR REPLACE FUNCTION yearbook.announce_message() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        PERFORM pg_catalog.pg_notify('yearbook_outbox', '');
        RETURN NULL;
      END
    $$;
    DROP TRIGGER IF EXISTS announce_message ON yearbook.outbox;
    CREATE TRIGGER announce_message AFTER INSERT ON yearbook.outbox FOR EACH STATEMENT
      EXECUTE FUNCTION yearbook.announce_message();

    ALTER TABLE yearbook.partition ADD COLUMN IF NOT EXISTS content bytea;
    COMMENT ON COLUMN yearbook.partition.content IS
      'the digest of what is published, where people are told of it';
    """

  /// People have the ids that their platform gives them, and time zones of their own.
  static let people = """
    ALTER TABLE yearbook.erasure ALTER COLUMN user_id TYPE text;
    ALTER TABLE yearbook.outbox ALTER COLUMN user_id TYPE text, ADD COLUMN IF NOT EXISTS zone text;
    COMMENT ON COLUMN yearbook.outbox.zone IS 'the recipient''s time zone; null: the tenant''s';

    -- The name, if it is one of a time zone that this server knows. Offsets and rules are none: there, a minus
    -- means east.
    CREATE OR REPLACE FUNCTION yearbook.known_zone(zone text) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
      BEGIN
        IF zone !~ '^[A-Za-z_]+(/[A-Za-z0-9_+-]+)*$' THEN RETURN NULL; END IF;
        PERFORM now() AT TIME ZONE zone;
        RETURN zone;
      EXCEPTION WHEN invalid_parameter_value THEN
        RETURN NULL;
      END
    $$;
    """
}
