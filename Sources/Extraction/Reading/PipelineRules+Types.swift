import Diagnostics
package import Pipelines
import Postgres

/// Types of which a query can read wrong values without any error.
extension PipelineRules {
  /// The faults in the types of what a file reads and converts.
  func typeFaults(_ file: QueryReading.File) -> [Diagnostic] {
    var faults: [Diagnostic] = []
    for read in file.reads {
      guard
        let column = catalog.table(read.table)?.columns.first(where: { $0.name == read.column }),
        let risk = column.risk,
        platform.unsafeTypes[read.table]?.contains(read.column) != true
      else { continue }
      faults.append(
        fault(
          "'\(read.table).\(read.column)' is a \(column.declared): \(risk.what)", file, read.column,
          hint: "\(risk.remedy); if it is meant so, say in platform.yaml:"
            + " unsafe_types: {\(read.table): [\(read.column)]}"))
    }
    // A day that is spelled out is let through: its author sees it.
    let days = file.reads.filter { base(of: $0) == "date" }
    if !days.isEmpty, file.functions.contains(where: Self.takesDayForMoment) {
      let names = days.map { "'\($0.table).\($0.column)'" }.joined(separator: ", ")
      faults.append(
        fault(
          "\(names), a date, is compared or read as a moment: midnight in UTC, which is another day"
            + " elsewhere", file, days[0].column,
          hint: "compare days with days, or make the column timestamptz; a day begins at"
            + " day::timestamp AT TIME ZONE p.time_zone"))
    }
    return faults
  }

  private func base(of read: (table: String, column: String)) -> String? {
    catalog.table(read.table)?.columns.first { $0.name == read.column }?.base
  }

  /// Whether a function makes a moment of a day or a time without a zone, or compares them, in the
  /// session's time zone.
  private static func takesDayForMoment(_ function: QueryReading.Function) -> Bool {
    guard function.schema == "pg_catalog" else { return false }
    let name = function.name
    return function.signature == "timestamptz(date)"
      || function.signature == "timestamptz(timestamp without time zone)"
      || ["date_", "timestamp_"].contains { name.hasPrefix($0) } && name.hasSuffix("_timestamptz")
      || name.hasPrefix("timestamptz_")
        && ["_date", "_timestamp"].contains { name.hasSuffix($0) }
  }
}

extension SourceCatalog.Column {
  /// What is wrong with the column's type, and what to do; `nil` for a type that is read as it is
  /// meant.
  var risk: (what: String, remedy: String)? {
    switch base.hasSuffix("[]") ? String(base.dropLast(2)) : base {
    case "timestamp without time zone":
      (
        "it does not say at which moment, and AT TIME ZONE moves it the other way",
        "make it timestamptz"
      )
    case "real", "double precision":
      (
        "it does not hold amounts exactly, and a sum depends on the order of the rows",
        "make it numeric"
      )
    case "money": ("how many decimals it has depends on the server's settings", "make it numeric")
    default: nil
    }
  }
}

extension SourceCatalog {
  /// All columns that the source's role can read and whose types queries would be refused for:
  /// `payment.due (timestamp without time zone)`.
  package func riskyColumns(_ platform: PlatformSpec) -> [String] {
    tables.flatMap { table in
      table.columns.filter { column in
        column.isReadable && column.risk != nil
          && platform.unsafeTypes[table.name]?.contains(column.name) != true
      }.map { "\(table.name).\($0.name) (\($0.declared))" }
    }
  }
}
