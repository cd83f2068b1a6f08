extension RecordSchema {
  /// Runs whose tenants engines hand out in shards.
  static let runShards = """
    ALTER TABLE yearbook.run ADD COLUMN IF NOT EXISTS plan jsonb;
    COMMENT ON COLUMN yearbook.run.plan IS
      'what was asked for, of a run that is handed out in run shards: it has no process of its own; null of others';
    CREATE TABLE IF NOT EXISTS yearbook.run_shard (
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      number integer NOT NULL,
      state text NOT NULL DEFAULT 'planned'
        CHECK (state IN ('planned', 'running', 'done', 'failed', 'interrupted')),
      seconds double precision NOT NULL,
      partitions integer NOT NULL,
      lock bigint NOT NULL,
      host text,
      pid integer,
      started timestamptz,
      finished timestamptz,
      stages_run integer NOT NULL DEFAULT 0,
      stages_found integer NOT NULL DEFAULT 0,
      warnings integer NOT NULL DEFAULT 0,
      notes jsonb NOT NULL DEFAULT '[]',
      measures jsonb NOT NULL DEFAULT '[]',
      problem text,
      hint text,
      doing jsonb,
      PRIMARY KEY (run_id, number)
    );
    COMMENT ON TABLE yearbook.run_shard IS 'a part of a run that one task of an engine works on';
    COMMENT ON COLUMN yearbook.run_shard.seconds IS 'how long its work was expected to take, if everything is made';
    CREATE TABLE IF NOT EXISTS yearbook.run_tenant (
      run_id text NOT NULL REFERENCES yearbook.run ON DELETE CASCADE,
      tenant_id uuid NOT NULL,
      shard integer NOT NULL,
      PRIMARY KEY (run_id, tenant_id)
    );
    COMMENT ON TABLE yearbook.run_tenant IS 'the run shard of each tenant';
    ALTER TABLE yearbook.progress ADD COLUMN IF NOT EXISTS outcome text;
    COMMENT ON COLUMN yearbook.progress.outcome IS
      'published, unchanged, failed or skipped; null of runs of earlier versions';
    """
}
