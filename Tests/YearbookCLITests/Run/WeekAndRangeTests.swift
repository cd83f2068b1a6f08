import Foundation
import Postgres
import TestSupport
import Testing

/// Weeks and ranges from the command line to the store, with a real PostgreSQL.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct WeekAndRangeTests {
  /// An installation with a report of the bounds of weeks and ranges, as its query sees them.
  private static func with(
    zone: String = "Europe/Madrid", _ body: (Installation) throws -> Void
  ) throws {
    try Installation.with { here in
      try here.addTenant("acme", timeZone: zone)
      try here.platform.connect().execute("UPDATE app.tenant SET created = '2015-01-01'")
      try here.write(
        "pipelines/spans/pipeline.yaml",
        """
        name: spans
        period: [week, range]
        title: Spans
        as_of: day
        extract: {queries: {bounds: {}}}
        aggregate:
          figures: {hours: {from: bounds, value: hours, previous: hours_before}}
          tables:
            bounds:
              {from: bounds, publish: bounds, columns: {first: text, previous: text, compared: text}}
        """)
      try here.write(
        "pipelines/spans/bounds.sql",
        """
        SELECT p.tenant_id, extract(epoch FROM p.ends_at - p.starts_at)::bigint / 3600 AS hours,
          extract(epoch FROM p.starts_at - p.previous_starts_at)::bigint / 3600 AS hours_before,
          to_char(p.starts_at AT TIME ZONE p.time_zone, 'Dy HH24:MI') AS first,
          to_char(p.previous_starts_at AT TIME ZONE p.time_zone, 'IYYY-"W"IW ID HH24:MI') AS previous,
          to_char(p.previous_ends_at AT TIME ZONE p.time_zone, 'YYYY-MM-DD HH24:MI') AS compared
        FROM partition p
        """)
      for locale in ["en", "pt-BR", "es"] {
        let file = "templates/messages/\(locale).yaml"
        try here.write(
          file,
          Installation.text(file, in: here.folder)
            + "\nspans: {figures: {hours: Hours}, tables: {bounds: Bounds},"
            + " columns: {first: A, previous: B, compared: C}}\n")
      }
      try here.write(
        "pipelines/nightly.yaml",
        """
        name: nightly
        tenants: active
        pipelines:
          - {run: spans, periods: [this-week, last-week, closing-weeks, 2020-03-01..2020-05-15]}

        """)
      try body(here)
    }
  }

  private func expect(
    _ here: Installation, _ arguments: [String], status: Int32 = 0, _ text: String = ""
  ) throws -> String {
    let (found, output) = try here.yearbook(arguments)
    #expect(found == status && (text.isEmpty || output.contains(text)), "\(output)")
    return output
  }

  /// A file of the newest release of a period.
  private func payload(_ here: Installation, _ period: String, _ file: String) throws -> String {
    struct Latest: Decodable { var release: String }
    let folder = "\(here.folder)/store/tenants/acme/spans/\(period)"
    let latest = try JSONDecoder().decode(
      Latest.self, from: Data(contentsOf: URL(fileURLWithPath: folder + "/latest.json")))
    return try Installation.text("\(latest.release)/data/\(file)", in: folder + "/releases")
  }

  private func status(_ here: Installation, _ period: String) throws -> String {
    let latest = try Installation.text(
      "tenants/acme/spans/\(period)/latest.json", in: "\(here.folder)/store")
    return ["provisional", "final", "restated"].first { latest.contains("\"\($0)\"") } ?? latest
  }

  @Test func `A week begins on Monday at midnight in the tenant's zone, with clocks that change`()
    throws
  {
    try Self.with { here in
      // Clocks go forward on 29 March 2020 and back on 25 October; 2020 has 53 weeks.
      for (week, hours, before, previous) in [
        ("2020-W13", 167, 168, "2020-W12 1 00:00"), ("2020-W14", 168, 167, "2020-W13 1 00:00"),
        ("2020-W43", 169, 168, "2020-W42 1 00:00"), ("2020-W53", 168, 168, "2020-W52 1 00:00"),
        ("2020-W01", 168, 168, "2019-W52 1 00:00"),
      ] {
        _ = try expect(here, ["run", "spans", "--period", week, "--as-of", "2021-01-20"])
        let rows = try payload(here, week, "bounds.csv")
        #expect(rows.contains("Mon 00:00,\(previous),"), "\(week): \(rows)")
        let report = try payload(here, week, "report.json")
        #expect(report.contains("\"value\":\"\(hours)\""), "\(week): \(report)")
        #expect(report.contains("\"previous\":\"\(before)\""), "\(week): \(report)")
        #expect(try status(here, week) == "final")
      }
      let index = try Installation.text("tenants/acme/index.html", in: "\(here.folder)/store")
      #expect(index.contains("week 53 of 2020 (December 28, 2020 – January 3, 2021)"), "\(index)")
      #expect(index.contains("spans/2020-W01/index.html"))
      _ = try expect(here, ["verify", "--deep"], "all as published")
      _ = try expect(here, ["verify", "--with-record"], "all as published")
    }
  }

  @Test func `A week under way is provisional and compared with the same days, then it is final`()
    throws
  {
    try Self.with { here in
      // Wednesday of the week in which clocks went back, as of its end.
      _ = try expect(here, ["run", "spans", "--period", "2020-W44", "--as-of", "2020-10-28"])
      #expect(try status(here, "2020-W44") == "provisional")
      #expect(
        try payload(here, "2020-W44", "bounds.csv").contains("2020-W43 1 00:00,2020-10-22 00:00"))
      _ = try expect(here, ["run", "spans", "--period", "2020-W44", "--as-of", "2020-11-05"])
      #expect(try status(here, "2020-W44") == "final")
      #expect(
        try payload(here, "2020-W44", "bounds.csv").contains("2020-W43 1 00:00,2020-10-26 00:00"))
    }
  }

  @Test func `A range is kept like any period, and compared with as many days before it`() throws {
    try Self.with { here in
      let range = "2020-03-01..2020-05-15"
      _ = try expect(here, ["run", "spans", "--period", range, "--as-of", "2020-04-10"])
      #expect(try status(here, range) == "provisional")
      #expect(
        try payload(here, range, "bounds.csv").contains("Sun 00:00,2019-W51 1 00:00,2020-01-26"))
      _ = try expect(here, ["run", "spans", "--period", range, "--as-of", "2020-06-01"])
      #expect(try status(here, range) == "final")
      #expect(try payload(here, range, "bounds.csv").contains("2019-W51 1 00:00,2020-03-01 00:00"))
      let index = try Installation.text("tenants/acme/index.html", in: "\(here.folder)/store")
      #expect(index.contains("March 1 – May 15, 2020"), "\(index)")
      #expect(index.contains("spans/\(range)/index.html"), "\(index)")
      _ = try expect(here, ["explain", "spans", "--tenant", "acme", "--period", range])
      _ = try expect(here, ["verify", "--deep"], "all as published")
      _ = try expect(here, ["verify", "--tenant", "acme"], "all as published")
      _ = try expect(here, ["prune", "--keep-last", "1", "--grace", "0h", "--yes"], "1 release")
      _ = try expect(
        here,
        ["withdraw", "--tenant", "acme", "--pipeline", "spans", "--period", range, "--yes"],
        "1 partition withdrawn")
      _ = try expect(here, ["verify", "--with-record"], "all as published")
    }
  }

  @Test func `A schedule makes this week, the last one and those that are closing`() throws {
    try Self.with { here in
      _ = try expect(here, ["run", "nightly", "--as-of", "2020-12-01"])
      let made = Set(try here.payload().keys.map { String($0.split(separator: "/")[3]) })
      // 2020-W47 ended less than ten days ago.
      #expect(made == ["2020-W49", "2020-W48", "2020-W47", "2020-03-01..2020-05-15"])
      #expect(try status(here, "2020-W49") == "provisional")
      #expect(try status(here, "2020-W48") == "final")
    }
  }

  @Test func `What is not a week or a range is refused with what to write`() throws {
    try Self.with { here in
      for (period, hint) in [
        ("2021-W53", "the weeks of 2021 are W01 to W52"),
        ("2020-05-15..2020-03-01", "the first day comes first: 2020-03-01..2020-05-15"),
        ("1000-01-01..2020-01-01", "a range has at most 3653 days"),
        ("2020-11", "name a range or week"),
      ] {
        _ = try expect(here, ["run", "spans", "--period", period], status: 64, hint)
      }
      // A report of ranges alone has no current period.
      let file = "pipelines/spans/pipeline.yaml"
      try here.write(
        file,
        Installation.text(file, in: here.folder).replacing("[week, range]", with: "range"))
      try here.write(
        "pipelines/nightly.yaml", "name: nightly\npipelines: [{run: rows, periods: [this-year]}]\n")
      _ = try expect(here, ["run", "spans"], status: 64, "--period 2026-03-01..2026-05-15")
    }
  }
}
