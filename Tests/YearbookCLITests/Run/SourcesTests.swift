import Foundation
import Postgres
import TestSupport
import Testing

/// A platform beside the first one, with tables, ids and tenants of its own.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct SourcesTests {
  /// An installation with a second source, `club`, and a pipeline and a schedule that read it.
  private func with(_ body: (Installation, TestDatabase) throws -> Void) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      let club = try TestDatabase()
      let outcome = Result {
        try club.connect().execute(
          """
          CREATE SCHEMA club;
          CREATE TABLE club.member (code text PRIMARY KEY, tz text NOT NULL);
          CREATE TABLE club.visit (who text NOT NULL REFERENCES club.member (code), day date, fee integer);
          INSERT INTO club.member VALUES ('a', 'UTC'), ('b', 'Asia/Tokyo');
          INSERT INTO club.visit SELECT code, '2025-05-01', 5 FROM club.member, generate_series(1, 3);
          GRANT USAGE ON SCHEMA club TO yearbook_reader;
          GRANT SELECT ON ALL TABLES IN SCHEMA club TO yearbook_reader
          """)
        try here.write(
          "yearbook.yaml",
          "sources: {club: {uri: '\(club.conninfo) user=yearbook_reader', schema: club, id: text}}\n"
        )
        try here.write(
          "pipelines/sources/club/tenants.sql",
          """
          SELECT code AS id, 'club-' || code AS slug, code AS name, tz AS time_zone, 'en' AS locale,
            'EUR' AS currency, 'active' AS status
          FROM member
          """)
        try here.write(
          "pipelines/visits/pipeline.yaml",
          """
          name: visits
          period: year
          title: Visits
          extract: {source: club, queries: {visits: {order: [day]}}}
          aggregate:
            figures: {people: {from: visits, sum: visits}}
            tables: {people: {from: visits, publish: visits, columns: {day: text, visits: text}}}
          """)
        try here.write(
          "pipelines/visits/visits.sql",
          """
          SELECT p.tenant_id, v.day, count(*) AS visits FROM partition p
          JOIN visit v ON v.who = p.tenant_id AND v.day >= p.period_starts
          GROUP BY p.tenant_id, v.day
          """)
        try here.write(
          "pipelines/both.yaml",
          """
          name: both
          tenants: active
          pipelines:
            - {run: rows, periods: ["2025"]}
            - {run: visits, periods: ["2025"]}
          """)
        for locale in ["en", "pt-BR", "es"] {
          let file = "templates/messages/\(locale).yaml"
          let text = try String(contentsOfFile: "\(here.folder)/\(file)", encoding: .utf8)
          try here.write(
            file,
            text
              + "\nvisits: {figures: {people: Visits}, columns: {day: Day, visits: Visits}, tables: {people: Visits}}\n"
          )
        }
        try body(here, club)
      }
      try club.drop()
      try outcome.get()
    }
  }

  @Test func `One schedule reads two platforms, and each report is of its own platform's tenants`()
    throws
  {
    try with { here, club in
      let (status, output) = try here.yearbook(["run", "both"])
      #expect(status == 0 && output.contains("3 published, 0 unchanged, 0 failed"), "\(output)")
      let files = try here.payload()
      #expect(
        Set(files.keys.filter { $0.hasSuffix("/visits.csv") }.map { $0.split(separator: "/")[1] })
          == ["club-a", "club-b"], "\(files.keys)")
      #expect(
        Set(files.keys.filter { $0.hasSuffix("/people.csv") }.map { $0.split(separator: "/")[1] })
          == ["acme"], "\(files.keys)")
      // Nothing has changed: nothing is read.
      let again = try here.yearbook(["run", "both"])
      #expect(again.status == 0 && again.output.contains("0 published, 3 unchanged"), "\(again)")
      // One row of one tenant.
      try club.connect().execute("INSERT INTO club.visit VALUES ('b', '2025-06-01', 1)")
      let changed = try here.yearbook(["run", "both"])
      #expect(changed.output.contains("1 published, 2 unchanged"), "\(changed)")
      let explained = try here.yearbook(["explain", "both"])
      #expect(
        explained.status == 0 && explained.output.contains("visits club-a 2025"), "\(explained)")
      for words in [["check"], ["doctor"]] {
        let told = try here.yearbook(words)
        #expect(
          told.output.contains(words == ["check"] ? "visits: tenants stay apart" : "source club"),
          "\(told)")
        #expect(told.output.contains("3 active tenants") || words == ["check"], "\(told)")
      }
    }
  }

  @Test func `A source that is down costs its own reports alone, and the run names it`() throws {
    try with { here, club in
      #expect(try here.yearbook(["run", "both"]).status == 0)
      try here.write(
        "yearbook.yaml",
        "sources: {club: {uri: 'host=/nonexistent password=hunter2 user=u dbname=d', schema: club}}\n"
      )
      try here.addTenant("bolt")
      let (status, output) = try here.yearbook(["run", "both"])
      #expect(status == 1 && output.contains("1 published, 1 unchanged"), "\(output)")
      #expect(output.contains("the source 'club'") && !output.contains("hunter2"), "\(output)")
      let alone = try here.yearbook(["run", "visits"])
      #expect(alone.status == 69 && alone.output.contains("the source 'club'"), "\(alone)")
      let doctor = try here.yearbook(["doctor"])
      #expect(doctor.status == 78 && doctor.output.contains("source club"), "\(doctor)")
      #expect(!doctor.output.contains("hunter2"))
    }
  }

  @Test func `A pipeline of a source that nobody has configured is refused, and check says so`()
    throws
  {
    try with { here, _ in
      try here.write("yearbook.yaml", "sources: {culb: {uri: 'dbname=nothing'}}\n")
      let (status, output) = try here.yearbook(["run", "visits"])
      #expect(status == 78 && output.contains("the source 'club' is not configured"), "\(output)")
      #expect(output.contains("culb"), "\(output)")
      let check = try here.yearbook(["check"])
      #expect(
        check.output.contains("visits: not tried: its source 'club' is not configured"), "\(check)")
    }
  }

  @Test func `Two platforms that call different tenants by one slug publish neither`() throws {
    try with { here, club in
      try here.addTenant("club-a")
      let (status, output) = try here.yearbook(["run", "both"])
      #expect(status == 1 && output.contains("2 published, 0 unchanged, 2 failed"), "\(output)")
      #expect(
        output.contains("several sources have a tenant 'club-a', with different ids"), "\(output)")
    }
  }

  @Test func `Settings of a tenant can be of any source's tenant, and of nobody else`() throws {
    try with { here, club in
      let sources = try String(contentsOfFile: "\(here.folder)/yearbook.yaml", encoding: .utf8)
      try here.write("yearbook.yaml", sources + "tenants: {club-b: {privacy: none}}\n")
      #expect(try here.yearbook(["run", "rows", "--period", "2025"]).status == 0)
      try here.write("yearbook.yaml", sources + "tenants: {club-c: {privacy: none}}\n")
      let (status, output) = try here.yearbook(["run", "rows", "--period", "2025"])
      #expect(status == 78 && output.contains("no such tenant"), "\(output)")
    }
  }
}
