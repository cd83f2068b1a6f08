import Basics
import Diagnostics
import FoundationEssentials
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Sample

@Suite struct SamplePlatformTests {
  private static let schema = Places.project + "/docs/platform-schema.sql"

  private func schemaText() throws -> String {
    let data = try #require(FileManager.default.contents(atPath: Self.schema))
    return String(decoding: data, as: UTF8.self)
  }

  /// All rows of the sample as text, in the order of writing.
  private func rows(_ sample: SamplePlatform) -> [SampleTables.Table: [[String?]]] {
    var tables = SampleTables()
    for index in 0..<sample.tenants { sample.tenant(index).add(to: &tables) }
    return tables.rows
  }

  @Test func `The same seed gives the same rows, another seed gives other rows`() {
    let first = rows(SamplePlatform(seed: 7, tenants: 8, pocsPerTenant: 30))
    #expect(first == rows(SamplePlatform(seed: 7, tenants: 8, pocsPerTenant: 30)))
    #expect(first != rows(SamplePlatform(seed: 8, tenants: 8, pocsPerTenant: 30)))
  }

  @Test func `A larger sample begins with the tenants of a smaller one`() {
    let small = rows(SamplePlatform(tenants: 5))
    let large = rows(SamplePlatform(tenants: 50))
    for table in SampleTables.Table.allCases {
      let count = small[table]?.count ?? 0
      #expect(count > 0, "\(table)")
      #expect(large[table]?.prefix(count).elementsEqual(small[table] ?? []) == true, "\(table)")
    }
  }

  @Test func `Some names break careless programs`() {
    let rows = rows(SamplePlatform())
    let names =
      (rows[.pocuser] ?? []).compactMap { $0[3] } + (rows[.tenant] ?? []).compactMap { $0[2] }
    #expect(names.contains { $0.hasPrefix("=") })
    #expect(names.contains { $0.hasPrefix("-") })
    #expect(names.contains { $0.contains("<script>") })
    #expect(names.contains { $0.contains("'") })
    #expect(names.contains { $0.contains("&") })
    #expect(names.contains { $0.contains("🍲") })
    #expect(names.contains { $0.contains("改札") })
    #expect(names.contains { $0.contains("ã") })
  }

  @Test func `No row is later than the sample's day`() {
    let sample = SamplePlatform(tenants: 30, pocsPerTenant: 60, today: CivilDate(2026, 3, 1))
    let end = SampleMoment(CivilDate(2026, 3, 2), hour: 12, offset: 0).text
    let created: [(SampleTables.Table, Int)] = [
      (.pocuser, 9), (.pocuser, 10), (.room, 3), (.dojo_recording, 6), (.billing_event, 7),
      (.payment, 11),
    ]
    for (table, column) in created {
      let latest = rows(sample)[table]?.compactMap { $0[column] }.max() ?? ""
      #expect(latest < end, "\(table)")
    }
  }

  @Test func `The first tenant has a year to tell: peaks, a quiet month, a day with everybody`() {
    var tables = SampleTables()
    let tenant = SamplePlatform().tenant(0)
    tenant.add(to: &tables)
    func months(_ table: SampleTables.Table, _ column: Int) -> [String: Int] {
      Dictionary(grouping: tables[table].compactMap { $0[column]?.prefix(7) }, by: String.init)
        .mapValues(\.count)
    }
    let pocs = months(.pocuser, 9)
    let dojos = months(.room, 3)
    let year = pocs.filter { $0.key.hasPrefix("2026") }
    #expect(year.values.reduce(0, +) >= 180)
    #expect(dojos.filter { $0.key.hasPrefix("2026") }.values.reduce(0, +) >= 60)
    #expect(tables[.user].count >= 40)
    #expect(year.values.max() == year["2026-04"])
    #expect((year["2026-07"] ?? 0) <= 5)
    #expect(
      pocs.filter { $0.key.hasPrefix("2025") }.values.reduce(0, +) * 2 < year.values.reduce(0, +))
    let largest = Dictionary(grouping: tables[.room_member], by: { $0[0] }).values.map(\.count)
      .max()
    #expect(largest == tables[.user].count)
    #expect(Set(tables[.pocuser].map { $0[3] }).count == tables[.pocuser].count, "names come twice")
    // Nobody works before they have joined.
    let joined = Dictionary(
      uniqueKeysWithValues: tables[.user].map { ($0[0] ?? "", $0[11] ?? "") })
    for poc in tables[.pocuser] { #expect((poc[9] ?? "") > joined[poc[1] ?? ""] ?? "") }
    #expect(Set(tenant.pictures.map(\.design)).count == SamplePicture.Design.allCases.count)
  }

  @Test func `The other tenants stay small, and a larger sample has more of each month`() {
    let sizes = (1..<5).map { SamplePlatform().tenant($0).pocs }
    #expect(sizes.allSatisfy { $0 <= 24 } && sizes.last == 1)
    let usual = SamplePlatform().tenant(0).pocs
    // Days after the sample's last one are left out.
    let larger = SamplePlatform(pocsPerTenant: 500).tenant(0).pocs
    #expect(abs(larger - 2 * usual) < 12)
  }

  @Test func `The bills have all kinds of events`() {
    let rows = rows(SamplePlatform())
    #expect(Set((rows[.billing_event] ?? []).compactMap { $0[3] }).count == 5)
    #expect(Set((rows[.billing] ?? []).compactMap { $0[2] }) == ["M", "Y"])
    #expect(Set((rows[.payment] ?? []).compactMap { $0[6] }) == ["charge", "refund", "dispute"])
    #expect(Set((rows[.payment] ?? []).compactMap { $0[7] }) == ["succeeded", "failed", "pending"])
    #expect(Set((rows[.tenant] ?? []).compactMap { $0[5] }).count == 4)
    #expect(Set((rows[.tenant] ?? []).compactMap { $0[3] }).count == 5)
  }

  @Test func `The sample is written to a database once, and the second call finds it`() throws {
    try withDatabase { conninfo in
      try withTemporaryFolder { folder in
        let connection = try Connection(conninfo)
        let sample = SamplePlatform(tenants: 7, pocsPerTenant: 4, today: CivilDate(2025, 3, 1))
        let made = try sample.create(
          on: connection, schema: try schemaText(), mediaRoot: folder)
        #expect(!made.wasThere)
        let count = try connection.query("SELECT count(*)::int AS n FROM app.pocuser").only().int(
          "n")
        #expect(made.rows.first { $0.table == "pocuser" }?.count == count)
        let again = try sample.create(
          on: connection, schema: try schemaText(), mediaRoot: folder)
        #expect(again == .init(rows: [], files: made.files, wasThere: true))
        let expected = Diagnostic(
          .configuration, "the schema app of this database already has 7 other tenants",
          hint:
            "use an empty database, or the same numbers and seed as the first time")
        let error = #expect(throws: Diagnostic.self) {
          _ = try SamplePlatform(
            seed: 3, tenants: 7, pocsPerTenant: 4, today: CivilDate(2025, 3, 1)
          )
          .create(on: connection, schema: try schemaText(), mediaRoot: folder)
        }
        #expect(error == expected)
      }
    }
  }

  @Test func `100 tenants with 100 POCs take only seconds`() throws {
    try withDatabase { conninfo in
      try withTemporaryFolder { folder in
        let connection = try Connection(conninfo)
        var sample = SamplePlatform(tenants: 100, pocsPerTenant: 100)
        sample.today = CivilDate(2025, 1, 20)
        let clock = ContinuousClock()
        let start = clock.now
        try sample.create(on: connection, schema: try schemaText(), mediaRoot: folder)
        #expect(clock.now - start < .seconds(60))
      }
    }
  }
}
