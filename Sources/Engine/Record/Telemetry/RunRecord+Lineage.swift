import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import Telemetry

extension RunRecord {
  /// What a run that has ended read and made; `nil` if it is under way.
  ///
  /// Tables and their columns are known from PostgreSQL's own parse of the queries, columns of
  /// datasets from the last extraction.
  func lineage(of run: String) throws -> RunLineage? {
    guard
      let row = try connection.query(
        """
        SELECT version, (extract(epoch FROM started) * 1000000)::bigint AS began,
          (extract(epoch FROM finished) * 1000000)::bigint AS ended
        FROM yearbook.run WHERE id = $1 AND finished IS NOT NULL
        """, [run]
      ).first
    else { return nil }
    let (began, ended) = (Int64(try row.int("began")), Int64(try row.int("ended")))
    var jobs: [RunLineage.Job] = []
    var inputs: [String: [RunLineage.Dataset]] = [:]
    for row in try connection.query(
      """
      SELECT pipeline, stage, (extract(epoch FROM min(began)) * 1000000)::bigint AS began,
        (extract(epoch FROM max(began + seconds * interval '1 second')) * 1000000)::bigint AS ended
      FROM yearbook.attempt WHERE run_id = $1
      GROUP BY pipeline, stage ORDER BY 3, pipeline COLLATE "C", stage COLLATE "C"
      """, [run])
    {
      let pipeline = try row.string("pipeline")
      let datasets = try inputs[pipeline] ?? self.datasets(of: pipeline)
      inputs[pipeline] = datasets
      jobs.append(
        RunLineage.Job(
          pipeline: pipeline, stage: try row.string("stage"), began: Int64(try row.int("began")),
          ended: Int64(try row.int("ended")), codes: [], inputs: datasets, outputs: []))
    }
    var failures: [String: [String: Set<String>]] = [:]
    for row in try connection.query(
      "SELECT DISTINCT pipeline, stage, code FROM yearbook.failure WHERE run_id = $1", [run])
    {
      let (pipeline, stage) = (try row.string("pipeline"), try row.string("stage"))
      failures[pipeline, default: [:]][stage, default: []].insert(try row.string("code"))
    }
    for index in jobs.indices {
      jobs[index].codes = (failures[jobs[index].pipeline]?[jobs[index].stage ?? ""] ?? []).sorted()
    }
    for pipeline in Set(jobs.map(\.pipeline)).union(failures.keys).sorted() {
      let codes = (failures[pipeline] ?? [:]).values.reduce(into: Set()) { $0.formUnion($1) }
      jobs.append(
        RunLineage.Job(
          pipeline: pipeline, stage: nil, began: began, ended: ended, codes: codes.sorted(),
          inputs: try tables(of: pipeline),
          outputs: try made(by: run, inputs[pipeline] ?? datasets(of: pipeline), of: pipeline)))
    }
    return RunLineage(run: run, version: try row.string("version"), jobs: jobs)
  }

  /// The datasets with what the run read, and the pipeline's releases with what it published.
  ///
  /// Numbers and digests are of the partitions that the run published, all tenants together.
  private func made(
    by run: String, _ datasets: [RunLineage.Dataset], of pipeline: String
  ) throws -> [RunLineage.Dataset] {
    var datasets = datasets
    let origins = try reads(of: pipeline)?.origins ?? [:]
    for index in datasets.indices {
      let query = String(datasets[index].name.dropFirst(pipeline.count + 1))
      datasets[index].origins = (origins[query] ?? [:]).mapValues { columns in
        columns.map { .init(namespace: "source", name: $0.table, field: $0.name) }
      }
    }
    let names = datasets.map(\.name)
    var rows = 0
    for row in try connection.query(
      """
      SELECT d.place, sum(split_part(d.line, ' ', 1)::bigint)::bigint AS rows,
        sum(split_part(d.line, ' ', 2)::bigint)::bigint AS bytes,
        encode(sha256(convert_to(string_agg(p.tenant_id || ' ' || p.period || ' '
          || split_part(d.line, ' ', 3), E'\n' ORDER BY p.tenant_id, p.period COLLATE "C"), 'UTF8')),
          'hex') AS digest
      FROM yearbook.partition p JOIN yearbook.extraction e USING (tenant_id, pipeline, period)
      CROSS JOIN LATERAL unnest(string_to_array(e.datasets, E'\n')) WITH ORDINALITY d(line, place)
      WHERE p.run_id = $1 AND p.pipeline = $2 AND p.state = 'published' AND e.shape = (
        SELECT shape FROM yearbook.extraction WHERE pipeline = $2 ORDER BY snapshot DESC LIMIT 1)
      GROUP BY d.place ORDER BY d.place
      """, [run, pipeline])
    {
      let place = try row.int("place") - 1
      guard names.indices.contains(place) else { continue }
      let made = RunLineage.Dataset.Made(
        rows: try row.int("rows"), bytes: try row.int("bytes"), digest: try row.string("digest"))
      datasets[place].made = made
      rows += made.rows
    }
    var releases = RunLineage.Dataset(
      namespace: RunLineage.namespace, name: pipeline, fields: [])
    let row = try connection.query(
      """
      SELECT encode(sha256(convert_to(string_agg(tenant_id || ' ' || period || ' ' || release_id, E'\n'
          ORDER BY tenant_id, period COLLATE "C"), 'UTF8')), 'hex') AS digest,
        (SELECT (m.value ->> 'value')::float8::bigint FROM yearbook.run r
          CROSS JOIN LATERAL jsonb_array_elements(r.measures) m(value)
          WHERE r.id = $1 AND m.value ->> 'metric' = 'published_bytes'
            AND m.value -> 'labels' ->> 0 = $2) AS bytes
      FROM yearbook.partition
      WHERE run_id = $1 AND pipeline = $2 AND state = 'published' AND release_id IS NOT NULL
      """, [run, pipeline]
    ).only()
    if let digest = try row.optionalString("digest") {
      releases.made = .init(rows: rows, bytes: try row.optionalInt("bytes"), digest: digest)
    }
    return datasets + [releases]
  }

  /// The tables that a pipeline's queries read, as its last trial found them.
  private func tables(of pipeline: String) throws -> [RunLineage.Dataset] {
    guard let reads = try reads(of: pipeline) else { return [] }
    return reads.tables.sorted { $0.key < $1.key }.map { table, columns in
      RunLineage.Dataset(
        namespace: "source", name: table, fields: columns.map { .init(name: $0, type: nil) })
    }
  }

  /// What the pipeline's queries read, as its last trial found it.
  private func reads(of pipeline: String) throws -> PipelineReads? {
    let row = try connection.query(
      """
      SELECT reads::text AS reads FROM yearbook.trial WHERE pipeline = $1 AND reads IS NOT NULL
      ORDER BY passed DESC LIMIT 1
      """, [pipeline]
    ).first
    guard let text = try row?.string("reads") else { return nil }
    do {
      return try JSONDecoder().decode(PipelineReads.self, from: Data(text.utf8))
    } catch {
      // Another version of the program wrote it.
      return nil
    }
  }

  /// The datasets of a pipeline, as they were last read.
  private func datasets(of pipeline: String) throws -> [RunLineage.Dataset] {
    let row = try connection.query(
      """
      SELECT s.datasets::text AS datasets FROM yearbook.extraction e
      JOIN yearbook.shape s ON s.digest = e.shape
      WHERE e.pipeline = $1 ORDER BY e.snapshot DESC LIMIT 1
      """, [pipeline]
    ).first
    guard let text = try row?.string("datasets") else { return [] }
    return try JSONDecoder().decode(Shape.self, from: Data(text.utf8)).map { set in
      RunLineage.Dataset(
        namespace: RunLineage.namespace, name: "\(pipeline).\(set.name)",
        fields: set.columns.map { .init(name: $0.name, type: $0.type) })
    }
  }
}
