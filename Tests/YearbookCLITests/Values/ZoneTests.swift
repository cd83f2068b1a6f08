import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Extraction

/// Time zones mean what the platform's PostgreSQL means by them, or are refused.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct ZoneTests {
  private func withSource(_ body: (Installation, Source) throws -> Void) throws {
    try Installation.with { here in
      try body(
        here,
        Source(
          "\(here.platform.conninfo) user=yearbook_reader", schema: "app",
          tenants: SourceFiles.tenants(
            in: Places.project + "/pipelines", source: nil, named: nil, shipped: nil)))
    }
  }

  @Test func `A zone that could mean its opposite fails its tenant alone, by name`() throws {
    let zones = [
      "GMT-3", "UTC-3", "UTC+5:30", "<-03>3", "-03", "BRT3", "CET", "WET", "localtime", "posix/UTC",
      "right/UTC", "america/sao_paulo", "America/Sao_Paulo ", "", "Mars/Olympus", "EST5",
    ]
    try Installation.with { here in
      try here.addTenant("acme")
      for (number, zone) in zones.enumerated() {
        try here.addTenant("odd-\(number)", timeZone: zone)
      }
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("1 published, 0 unchanged, \(zones.count) failed"), "\(output)")
      for (number, zone) in zones.enumerated() {
        #expect(
          output.contains("rows odd-\(number) 2025 plan: the time zone “\(zone)”"),
          "\(zone): \(output)")
      }
    }
  }

  @Test func `What a person wrote as a zone is not repeated`() throws {
    try withSource { here, source in
      try here.addTenant("odd", timeZone: "maria@example.org, Rua das Flores 12")
      let fault = try #require(try source.tenants().faulty.first?.fault)
      #expect(!"\(fault)".contains("maria") && !"\(fault)".contains("Flores"))
      #expect("\(fault)".contains("(36 characters)"))
    }
  }

  @Test func `A misspelt zone is told the right one`() throws {
    try withSource { here, source in
      for (slug, zone) in [("a", "america/sao_paulo"), ("b", "America/Sao_Paolo"), ("c", "GMT-3")] {
        try here.addTenant(slug, timeZone: zone)
      }
      let hints = Dictionary(
        uniqueKeysWithValues: try source.tenants().faulty.map {
          ($0.tenant.slug, $0.fault.hint ?? "")
        })
      #expect(hints["a"] == "did you mean America/Sao_Paulo?")
      #expect(hints["b"]?.contains("America/Sao_Paulo") == true, "\(hints)")
      #expect(hints["c"]?.contains("a minus as east of Greenwich") == true)
    }
  }

  @Test func `A tenant's row with a missing value fails that tenant alone`() throws {
    try Installation.with { here in
      for slug in ["acme", "zone", "name"] { try here.addTenant(slug) }
      try here.platform.connect().execute(
        """
        ALTER TABLE app.tenant ALTER timezone DROP NOT NULL, ALTER name DROP NOT NULL;
        UPDATE app.tenant SET timezone = NULL WHERE slug = 'zone';
        UPDATE app.tenant SET name = NULL WHERE slug = 'name'
        """)
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 1, "\(output)")
      #expect(output.contains("1 published, 0 unchanged, 2 failed"), "\(output)")
      #expect(output.contains("the tenant's row has no time_zone"), "\(output)")
      #expect(output.contains("the tenant's row has no name"), "\(output)")
    }
  }

  @Test func `Pages and queries agree on every offset`() throws {
    try withSource { here, source in
      let names: Set = [
        "America/Sao_Paulo", "Europe/Berlin", "Africa/Casablanca", "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia", "Asia/Pyongyang", "America/St_Johns", "Africa/Monrovia", "Etc/GMT+3",
        "Antarctica/Troll",
        "Europe/Dublin", "America/Caracas", "Asia/Gaza", "EST", "Zulu", "UTC",
      ]
      let zones = try source.zones(named: names)
      #expect(Set(zones.keys) == names)
      for seed in Seeds.of(few: 10, many: 500) {
        var random = SeededRandom(seed: seed)
        let moments = (0..<200).map { _ in Int.random(in: 0..<3_100_000_000, using: &random) }
        for (name, rules) in zones {
          let offsets = try source.connection.query(
            """
            SELECT (extract(epoch FROM timezone($1::text, to_timestamp(m))) - m)::bigint AS east
            FROM unnest($2::bigint[]) WITH ORDINALITY AS t(m, n) ORDER BY n
            """, [name, "{\(moments.map(String.init).joined(separator: ","))}"]
          ).map { try $0.int("east") }
          #expect(offsets == moments.map(rules.offset), "\(name), seed \(seed)")
        }
      }
    }
  }

  @Test func `A change of the clocks is known to the second`() throws {
    try withSource { _, source in
      let zones = try source.zones(named: ["America/Sao_Paulo", "Pacific/Apia"])
      let saoPaulo = try #require(zones["America/Sao_Paulo"])
      // 2018-11-04 00:00 there was 01:00.
      #expect(saoPaulo.offset(at: 1_541_300_399) == -10_800)
      #expect(saoPaulo.offset(at: 1_541_300_400) == -7_200)
      // 2011-12-30 was left out in Samoa.
      let apia = try #require(zones["Pacific/Apia"])
      #expect(apia.civil(1_325_239_199).day.description == "2011-12-29")
      #expect(apia.civil(1_325_239_200).day.description == "2011-12-31")
    }
  }

  @Test func `Times on a page are those of PostgreSQL, whatever this machine's tables say`() throws
  {
    try Installation.with { here in
      for name in ["dojos", "annual"] { try here.addReport(name) }
      try here.useProjectRules()
      try here.addTenant("acme", timeZone: "Etc/GMT+3")
      try here.platform.connect().execute(
        """
        INSERT INTO app.room (userid, tenantid, date, name, created)
        SELECT u.id, u.tenantid, '2025-02-01 02:30+00', 'Last minute', '2025-01-10' FROM app."user" u LIMIT 1
        """)
      // As a machine without tables has them: Foundation knows no zone then.
      let (status, output) = try here.yearbook(
        ["run", "dojos", "--period", "2025"], environment: ["TZDIR=/nonexistent"])
      #expect(status == 0, "\(output)")
      let payload = try here.payload()
      let page = try #require(
        payload.first { $0.key.hasSuffix("/index.html") && $0.key.contains("dojos") }
      ).value
      #expect(
        String(decoding: page, as: UTF8.self).contains("Jan 31, 2025 23:30"),
        "\(String(decoding: page, as: UTF8.self).suffix(3000))")
      let months = try #require(payload.first { $0.key.hasSuffix("/months.csv") }).value
      #expect(String(decoding: months, as: UTF8.self).contains("2025-01-01,1,1\r\n"))
    }
  }

  @Test func `A month that begins without a midnight, or with two, keeps its rows`() throws {
    try Installation.with { here in
      try here.addReport("dojos")
      try here.useProjectRules()
      // No midnight: 2023-10-01 there began at 01:00. Two: 2020-11-01 there began at 04:00 in UTC,
      // and an hour later the clocks were set back to 00:00.
      try here.addTenant("asuncion", timeZone: "America/Asuncion")
      try here.addTenant("havana", timeZone: "America/Havana")
      try here.platform.connect().execute(
        """
        UPDATE app.tenant SET created = '2015-01-01';
        INSERT INTO app.room (userid, tenantid, date, name, created)
        SELECT DISTINCT ON (u.tenantid, v.moment) u.id, u.tenantid, v.moment::timestamptz, v.moment, '2019-01-01'
        FROM app."user" u, unnest(ARRAY['2023-09-15 12:00+00', '2020-11-01 04:30+00', '2020-11-01 05:30+00']) AS v(moment)
        """)
      for period in ["2023-09", "2020-10", "2020-11"] {
        let (status, output) = try here.yearbook(["run", "dojos", "--period", period])
        #expect(status == 0, "\(output)")
      }
      func months(_ slug: String, _ period: String) throws -> String {
        let files = try here.payload()
        return String(
          decoding: try #require(files["tenants/\(slug)/dojos/\(period)/data/months.csv"]),
          as: UTF8.self)
      }
      #expect(try months("asuncion", "2023-09").contains("2023-09-01,1,1\r\n"))
      #expect(try months("havana", "2020-11").contains("2020-11-01,2,2\r\n"))
      #expect(try months("havana", "2020-10").contains("2020-10-01,0,0\r\n"))
    }
  }

  @Test func `An operator's zone that PostgreSQL does not know is named`() throws {
    try Installation.with { here in
      try here.addReport("billing")
      try here.addReport("platform-billing")
      try here.useProjectRules()
      try here.addTenant("acme")
      try here.write("yearbook.yaml", "operator: {time_zone: GMT-3}\n")
      let (status, output) = try here.yearbook(["run", "platform-billing", "--period", "2025"])
      #expect(status == 78, "\(output)")
      #expect(
        output.contains("operator.time_zone “GMT-3” is not one that PostgreSQL knows"), "\(output)")
      try here.write("yearbook.yaml", "operator: {time_zone: Asia/Tokyo}\n")
      let sound = try here.yearbook(["run", "platform-billing", "--period", "2025"])
      #expect(sound.status == 0, "\(sound.output)")
    }
  }

  @Test func `Tables of this machine that differ from PostgreSQL's can be told`() throws {
    try withSource { here, source in
      try here.addTenant("acme")
      #expect(try source.zoneDifferences(now: 1_795_230_900).isEmpty)
      // As if PostgreSQL's tables still had Brazil's summer time.
      source.readZones["America/Sao_Paulo"] = ZoneRules(name: "America/Sao_Paulo", offset: -7_200)
      source.askedZones.insert("America/Sao_Paulo")
      let found = try source.zoneDifferences(now: 1_795_230_900)
      #expect(found.map(\.zone) == ["America/Sao_Paulo"])
      #expect(found.first?.machine == -10_800 && found.first?.server == -7_200)
    }
  }
}
