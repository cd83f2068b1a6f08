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
          outputs: try inputs[pipeline] ?? datasets(of: pipeline)))
    }
    return RunLineage(run: run, version: try row.string("version"), jobs: jobs)
  }

  /// The tables that a pipeline's queries read, as its last trial found them.
  private func tables(of pipeline: String) throws -> [RunLineage.Dataset] {
    let row = try connection.query(
      """
      SELECT reads::text AS reads FROM yearbook.trial WHERE pipeline = $1 AND reads IS NOT NULL
      ORDER BY passed DESC LIMIT 1
      """, [pipeline]
    ).first
    guard let text = try row?.string("reads") else { return [] }
    let reads: PipelineReads
    do {
      reads = try JSONDecoder().decode(PipelineReads.self, from: Data(text.utf8))
    } catch {
      // Another version of the program wrote it.
      return []
    }
    return reads.tables.sorted { $0.key < $1.key }.map { table, columns in
      RunLineage.Dataset(
        namespace: "source", name: table, fields: columns.map { .init(name: $0, type: nil) })
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
