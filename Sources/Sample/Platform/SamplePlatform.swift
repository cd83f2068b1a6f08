package import Basics
import Diagnostics
package import Postgres

/// A made-up platform: tenants, people, their work and their bills, and the media to it.
///
/// The same seed gives the same rows and the same files on any machine, today and later: nothing in it
/// comes from a clock. Names with accents, Japanese, an emoji, an apostrophe, markup and a leading `=` are
/// in it on purpose.
package struct SamplePlatform: Sendable {
  /// What was made, or found made.
  package struct Summary: Sendable, Equatable {
    /// Rows by table, in the order they are written; empty where all was there already.
    package var rows: [(table: String, count: Int)]
    /// Files below the media root.
    package var files: Int
    /// Whether the rows had been made by an earlier call.
    package var wasThere: Bool

    package static func == (left: Summary, right: Summary) -> Bool {
      left.files == right.files && left.wasThere == right.wasThere
        && left.rows.elementsEqual(right.rows) { $0 == $1 }
    }
  }

  /// How far the work is.
  package enum Progress: Sendable, Equatable {
    case schema
    case rows(tenants: Int, of: Int)
    case media(files: Int, of: Int)
  }

  package var seed: UInt64
  /// From the sixth on, tenants have no media.
  package var tenants: Int
  /// POCs of a large tenant in all its time; small ones have fewer.
  package var pocsPerTenant: Int
  /// Nothing in the sample is later.
  package var today: CivilDate

  /// Tenants whose rows are held at a time.
  private static let batch = 20

  package init(
    seed: UInt64 = 2026, tenants: Int = 5, pocsPerTenant: Int = 24,
    today: CivilDate = CivilDate(2026, 11, 20)
  ) {
    self.seed = seed
    self.tenants = tenants
    self.pocsPerTenant = pocsPerTenant
    self.today = today
  }

  /// Creates the schema, the rows and the media. What an earlier call with the same numbers made is left as
  /// it is; what it left half-done is completed.
  ///
  /// - Parameters:
  ///   - connection: to the platform's database, as a role that may create a schema there.
  ///   - schema: the text of `docs/platform-schema.sql`.
  ///   - mediaRoot: the folder that object keys are below; made where it is missing. Without one no media
  ///     are made, and the rows name objects that are not there.
  /// - Throws: `.usage` for numbers that make no sense, `.configuration` where the database holds another
  ///   platform, and what the database or the disk says.
  @discardableResult
  package func create(
    on connection: Connection, schema: String, mediaRoot: String?,
    progress: (Progress) -> Void = { _ in }
  ) throws -> Summary {
    guard (1...100_000).contains(tenants), (1...1_000_000).contains(pocsPerTenant) else {
      throw Diagnostic(
        .usage, "a sample has 1 to 100000 tenants and 1 to 1000000 POCs a tenant")
    }
    progress(.schema)
    try connection.execute("SET client_min_messages = warning")
    try connection.execute(schema)
    try connection.execute("RESET client_min_messages")
    // Media first: rows that are there promise that their files are.
    let files = try mediaRoot.map { try writeMedia(below: $0, progress) } ?? 0
    if try isThere(on: connection) { return Summary(rows: [], files: files, wasThere: true) }
    let counts = try connection.transaction { try writeRows(on: connection, progress) }
    try connection.execute("ANALYZE")
    return Summary(
      rows: SampleTables.Table.allCases.map { ($0.rawValue, counts[$0] ?? 0) }, files: files,
      wasThere: false)
  }

  /// The tenants' slugs, in order.
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
        .configuration, "schema app of this database already holds \(count) other tenants",
        hint: "give the sample a database of its own, or the numbers and the seed it was made with")
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
