import Basics
import Diagnostics
import Pipelines
package import Postgres

/// The run record, in the schema `yearbook` of a PostgreSQL database: what ran, which results have
/// which keys, and what failed.
///
/// Confined to one thread at a time, as its connection is.
package final class RunRecord {
  package let connection: Connection

  /// Opens the record and migrates its schema to this program's version.
  ///
  /// Throws `configuration` if the schema is newer than this program, or cannot be created.
  package init(_ conninfo: String) throws {
    connection = try Connection(
      conninfo, application: "yearbook record", settings: RunRecord.settings(lockTimeout: 600_000))
    try migrate()
  }

  /// The settings of a session with the record: names without a schema are PostgreSQL's own.
  static func settings(lockTimeout: Int = 0) -> SessionSettings {
    SessionSettings(searchPath: ["pg_catalog", "pg_temp"], lockTimeout: lockTimeout)
  }

  private func migrate() throws {
    try connection.transaction {
      // Two programs that start at once must not both migrate.
      try connection.query(
        "SELECT pg_catalog.pg_advisory_xact_lock($1)",
        [String(AdvisoryKey(["yearbook", "migrate"]).value)])
      let found = try connection.query(
        "SELECT to_regclass('yearbook.migration') IS NOT NULL AS migrated,"
          + " to_regnamespace('yearbook') IS NOT NULL AS made"
      ).only()
      if try !found.bool("made") { try connection.execute("CREATE SCHEMA yearbook") }
      if try !found.bool("migrated") {
        try connection.execute(
          "CREATE TABLE yearbook.migration (version integer PRIMARY KEY,"
            + " applied timestamptz NOT NULL DEFAULT now())")
      }
      let version = try connection.query(
        "SELECT coalesce(max(version), 0) AS version FROM yearbook.migration"
      ).only().int("version")
      guard version <= RecordSchema.version else {
        throw Diagnostic(
          .configuration,
          "the run record has schema version \(version), but this program supports \(RecordSchema.version)",
          hint: "install a newer Yearbook, or use another record")
      }
      for number in version..<RecordSchema.version {
        try connection.execute(RecordSchema.migrations[number])
        try connection.query(
          "INSERT INTO yearbook.migration (version) VALUES ($1)", [String(number + 1)])
      }
    }
  }
}

extension Row {
  /// A column that holds 64 hexadecimal digits.
  func digest(_ column: String) throws(Diagnostic) -> SHA256Digest {
    guard let digest = SHA256Digest(hex: try string(column)) else {
      throw Diagnostic(
        .data, "the run record holds a malformed digest in the column '\(column)'",
        hint: "restore the record from a backup, or start with an empty one")
    }
    return digest
  }

  /// The partition that the columns `tenant_id`, `pipeline` and `period` name.
  func partitionKey() throws(Diagnostic) -> PartitionKey {
    let text = try string("period")
    guard let period = Period(text) else {
      throw Diagnostic(
        .data, "the run record holds a malformed period in the column 'period'",
        hint: "restore the record from a backup, or start with an empty one")
    }
    return PartitionKey(
      tenantID: try string("tenant_id"), pipeline: try string("pipeline"), period: period)
  }
}

extension Sequence<PartitionKey> {
  /// Three arrays for a statement: tenants' ids, pipelines, periods.
  var arrays: [String] {
    let keys = Array(self)
    return [
      Quoting.array(keys.map(\.tenantID)), Quoting.array(keys.map(\.pipeline)),
      Quoting.array(keys.map(\.period.description)),
    ]
  }
}

extension PartitionKey {
  /// Three values for a statement: the tenant's id, the pipeline, the period.
  var values: [String] { [tenantID, pipeline, period.description] }
}
