import Diagnostics
import Foundation
import Pipelines
import Postgres
import TestSupport

@testable import Extraction

/// Runs the trial of single queries on the platform's schema.
enum TriedQuery {
  /// - Parameter platform: statements that add to the platform's schema.
  static func withTrial(
    platform: String = "", _ body: (IsolationTrial) throws -> Void
  ) throws {
    try withDatabase { conninfo in
      let connection = try Connection(conninfo)
      try connection.execute(
        String(contentsOfFile: Places.project + "/docs/platform-schema.sql", encoding: .utf8))
      try connection.execute("CREATE TABLE app.country (code char(2), title text)")
      if !platform.isEmpty { try connection.execute(platform) }
      try body(IsolationTrial(record: connection, catalog: catalog(connection)))
      let left = try connection.query(
        "SELECT count(*) AS n FROM pg_namespace WHERE nspname LIKE '%trial%'"
      ).only().int("n")
      guard left == 0 else { throw Diagnostic(.bug, "a trial left its schema behind") }
    }
  }

  /// The catalog of the schema `app`, whose tenants are in the table `tenant`.
  static func catalog(_ connection: Connection) throws -> SourceCatalog {
    var catalog = try SourceCatalog(connection, schema: "app")
    catalog.tenancy.key = BaseColumn(table: "tenant", column: "id")
    for (name, column) in [
      ("time_zone", "timezone"), ("locale", "locale"), ("currency", "currency"),
    ] {
      catalog.tenancy.settings[name] = BaseColumn(table: "tenant", column: column)
    }
    return catalog
  }

  /// The faults of a query in a pipeline of its own, beside what the project says of the platform.
  ///
  /// - Parameters:
  ///   - extract: more of the pipeline's `extract`, such as `shared: [country]`.
  ///   - setting: more of the query's settings, such as `silent: why`.
  ///   - rules: more of `platform.yaml`.
  static func faults(
    _ sql: String, extract: String = "", setting: String = "order: []", scope: String = "tenant",
    platform: String = "", rules: String = ""
  ) throws -> [Diagnostic] {
    var faults: [Diagnostic] = []
    try withTrial(platform: platform) { trial in
      faults = try self.faults(
        sql, extract: extract, setting: setting, scope: scope, rules: rules, trial)
    }
    return faults
  }

  static func faults(
    _ sql: String, extract: String = "", setting: String = "order: []", scope: String = "tenant",
    rules: String = "", _ trial: IsolationTrial
  ) throws -> [Diagnostic] {
    try withTemporaryFolder { folder in
      let files = FileManager.default
      try files.createDirectory(atPath: "\(folder)/tried", withIntermediateDirectories: true)
      try files.createDirectory(atPath: "\(folder)/common", withIntermediateDirectories: true)
      for file in ["platform.yaml", "common/people.sql"] {
        try files.copyItem(
          atPath: "\(Places.project)/pipelines/\(file)", toPath: "\(folder)/\(file)")
      }
      let own = try String(contentsOfFile: "\(folder)/platform.yaml", encoding: .utf8) + rules
      try own.write(toFile: "\(folder)/platform.yaml", atomically: true, encoding: .utf8)
      try sql.write(toFile: "\(folder)/tried/rows.sql", atomically: true, encoding: .utf8)
      let more = extract.isEmpty ? "" : ", \(extract)"
      try """
      name: tried
      period: year
      scope: \(scope)
      extract: {queries: {rows: {\(setting)}}\(more)}
      aggregate: {figures: {rows: {from: rows, count: rows}}}
      """.write(toFile: "\(folder)/tried/pipeline.yaml", atomically: true, encoding: .utf8)
      let library = try PipelineLibrary(folder: folder)
      do {
        _ = try trial.run(library.pipelines[0])
        return []
      } catch let error as Diagnostics {
        return error.all
      }
    }
  }
}
