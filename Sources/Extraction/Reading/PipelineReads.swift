import Pipelines
import Postgres

/// What a pipeline's queries read of the platform's tables, and how their rows depend on the
/// moment of the run: from PostgreSQL's own parse of them.
package struct PipelineReads: Codable, Hashable, Sendable {
  /// A column of a table of the platform.
  package struct Column: Codable, Hashable, Sendable, Comparable {
    package var table: String
    package var name: String

    package static func < (one: Self, other: Self) -> Bool {
      (one.table, one.name) < (other.table, other.name)
    }
  }

  /// Everything that a moment of `partition` that moves with the run can change in the results.
  package struct MovingMoment: Codable, Hashable, Sendable {
    /// The columns whose values are compared with it, in order.
    package var columns: [Column] = []
    /// The units of the tenant's calendar that it is only looked up in, such as `month`.
    package var units: [String] = []
    /// Whether it is compared with the period's own times.
    package var isComparedWithPeriod = false

    /// Whether the results are the same whenever it is.
    var isUnused: Bool { columns.isEmpty && units.isEmpty && !isComparedWithPeriod }
  }

  /// Raised when the reading finds more or other things for the same SQL.
  static let currentVersion = 3

  package var version = PipelineReads.currentVersion
  /// Table to the columns that are read of it, in order. Of a table without any, the number of
  /// rows is read.
  package var tables: [String: [String]]
  /// `cutoff_at`.
  package var cutoff: MovingMoment
  /// `previous_ends_at`.
  package var previousEnd: MovingMoment
  /// The files that use one of these moments in another way, so that any later one can change their
  /// results.
  package var filesWithOtherUses: [String]
  /// Query and column to the columns of tables whose values can be in it, in order. `nil` where an
  /// older program read the queries.
  package var origins: [String: [String: [Column]]]?

  /// Whether this program's reading would find the same.
  package var isCurrent: Bool { version == Self.currentVersion }

  init(_ reading: QueryReading, _ catalog: SourceCatalog) {
    var tables: [String: Set<String>] = [:]
    let known = Set(catalog.tables.map(\.name))
    for file in reading.files {
      for relation in file.relations where known.contains(relation.name) {
        tables[relation.name] = tables[relation.name] ?? []
      }
      for read in file.reads where known.contains(read.table) {
        tables[read.table, default: []].insert(read.column)
      }
    }
    self.tables = tables.mapValues { $0.sorted() }
    let uses = CutoffUses(of: reading)
    func moment(_ values: CutoffUses.Values, _ units: Set<String> = []) -> MovingMoment {
      MovingMoment(
        columns: values.columns.map { Column(table: $0.table, name: $0.column) }.sorted(),
        units: units.sorted(), isComparedWithPeriod: values.hasPeriod)
    }
    cutoff = moment(uses.compared[.cutoff] ?? .init(), uses.units)
    previousEnd = moment(uses.compared[.previousEnd] ?? .init())
    filesWithOtherUses = uses.others
    var origins: [String: [String: [Column]]] = [:]
    for file in reading.files {
      guard let query = file.query, let parse = file.nodes.first else { continue }
      for (index, column) in file.columns.enumerated() {
        let sources = reading.sources(ofColumn: index + 1, in: parse) { _ in true }
        let known = sources.filter { known.contains($0.table) }
        origins[query.name, default: [:]][column.name] =
          known.map { Column(table: $0.table, name: $0.column) }.sorted()
      }
    }
    self.origins = origins
  }
}
