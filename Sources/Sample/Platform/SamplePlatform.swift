package import Basics
import Diagnostics
package import Postgres

/// The sample platform: generated tenants, people, their work, their bills and their media.
///
/// The same seed gives the same rows and files on every machine and at any time, because nothing
/// comes from a clock. Names with accents, Japanese, an emoji, an apostrophe, markup and a leading
/// `=` are there on purpose.
package struct SamplePlatform: Sendable {
  /// What was created, or already existed.
  package struct Summary: Sendable, Equatable {
    /// The number of rows per table, in the order of writing; empty if all rows already existed.
    package var rows: [(table: String, count: Int)]
    /// The number of files below the media root.
    package var files: Int
    /// Whether an earlier call had written the rows.
    package var wasThere: Bool

    package static func == (left: Summary, right: Summary) -> Bool {
      left.files == right.files && left.wasThere == right.wasThere
        && left.rows.elementsEqual(right.rows) { $0 == $1 }
    }
  }

  /// The progress of the work.
  package enum Progress: Sendable, Equatable {
    case schema
    case rows(tenants: Int, of: Int)
    case media(files: Int, of: Int)
  }

  package var seed: UInt64
  /// The number of tenants. From the sixth on, tenants have no media.
  package var tenants: Int
  /// The number of POCs of a large tenant. Small tenants have fewer.
  package var pocsPerTenant: Int
  /// The last day of the sample. Nothing in it is later.
  package var today: CivilDate

  /// The number of tenants whose rows are in memory at once.
  private static let batch = 20

  /// A platform with these numbers.
  package init(
    seed: UInt64 = 2026, tenants: Int = 5, pocsPerTenant: Int = 24,
    today: CivilDate = CivilDate(2026, 11, 20)
  ) {
    self.seed = seed
    self.tenants = tenants
    self.pocsPerTenant = pocsPerTenant
    self.today = today
  }

  /// Creates the schema, the rows and the media. Keeps what an earlier call with the same numbers
  /// created, and completes what it left unfinished.
  ///
  /// - Parameters:
  ///   - connection: A connection to the platform's database, as a role that can create a schema.
  ///   - schema: The text of `docs/platform-schema.sql`.
  ///   - mediaRoot: The folder that object keys are relative to. It is created if it is missing.
  ///     Without it, no media is created, and the rows name objects that do not exist.
  /// - Throws: `.usage` for numbers out of range, `.configuration` if the database holds another
  ///   platform, and errors of the database or the disk.
  @discardableResult
  package func create(
    on connection: Connection, schema: String, mediaRoot: String?,
    progress: (Progress) -> Void = { _ in }
  ) throws -> Summary {
    guard (1...100_000).contains(tenants), (1...1_000_000).contains(pocsPerTenant) else {
      throw Diagnostic(
        .usage, "a sample must have 1 to 100000 tenants and 1 to 1000000 POCs per tenant")
    }
    progress(.schema)
    try connection.execute("SET client_min_messages = warning")
    try connection.execute(schema)
    try connection.execute("RESET client_min_messages")
    // Media first: if rows exist, their files must exist too.
    let files = try mediaRoot.map { try writeMedia(below: $0, progress) } ?? 0
    if try isThere(on: connection) { return Summary(rows: [], files: files, wasThere: true) }
    let counts = try connection.transaction { try writeRows(on: connection, progress) }
    try connection.execute("ANALYZE")
    return Summary(
      rows: SampleTables.Table.allCases.map { ($0.rawValue, counts[$0] ?? 0) }, files: files,
      wasThere: false)
  }

  /// The slugs of the tenants, in order.
  package var slugs: [String] { (0..<tenants).map { SampleProfile.at($0).slug } }

  func tenant(_ index: Int) -> SampleTenant {
    SampleTenant(seed: seed, index: index, pocsPerTenant: pocsPerTenant, today: today)
  }

  private func isThere(on connection: Connection) throws -> Bool {
    let found = try connection.query(
      "SELECT count(*)::int AS tenants, count(*) FILTER (WHERE id IN ($1::uuid, $2::uuid))::int AS known"
        + " FROM app.tenant", [tenant(0).id, tenant(tenants - 1).id])
    let row = try found.only()
    let count = try row.int("tenants")
    if count == 0 { return false }
    guard count == tenants, try row.int("known") == min(tenants, 2) else {
      throw Diagnostic(
        .configuration, "the schema app of this database already has \(count) other tenants",
        hint: "use an empty database, or the same numbers and seed as the first time")
    }
    return true
  }

  func writeRows(
    on connection: Connection, _ progress: (Progress) -> Void
  ) throws -> [SampleTables.Table: Int] {
    var counts: [SampleTables.Table: Int] = [:]
    var tables = SampleTables()
    for start in stride(from: 0, to: tenants, by: Self.batch) {
      let end = min(tenants, start + Self.batch)
      for index in start..<end { tenant(index).add(to: &tables) }
      for table in SampleTables.Table.allCases where !tables[table].isEmpty {
        let name = Quoting.identifier(table.rawValue)
        try connection.copyIn("COPY app.\(name) (\(table.columns)) FROM STDIN") { writer in
          for row in tables[table] { try writer.row(row) }
        }
        counts[table, default: 0] += tables[table].count
      }
      tables.removeAll()
      progress(.rows(tenants: end, of: tenants))
    }
    return counts
  }

  private func writeMedia(below root: String, _ progress: (Progress) -> Void) throws -> Int {
    let media = SampleMedia(root: root, seed: seed)
    let made = (0..<min(tenants, SampleProfile.written.count)).map(tenant)
    let total = made.reduce(0) { $0 + media.keys(of: $1).count }
    var files = 0
    for tenant in made {
      try media.write(tenant) { _ in
        files += 1
        progress(.media(files: files, of: total))
      }
    }
    return files
  }
}
