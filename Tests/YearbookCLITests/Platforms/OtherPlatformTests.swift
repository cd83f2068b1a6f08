import Foundation
import Glibc
import Postgres
import Sample
import TestSupport
import Testing

/// Other platforms than the first one: their figures, their pages, and who sees what.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct OtherPlatformTests {
  private static let day = "2026-11-20"
  private static let isSoak = getenv("YEARBOOK_SOAK") != nil

  /// A sample from a seed, and the periods that are looked at.
  struct Sight: CustomTestStringConvertible {
    var kind: OtherPlatform.Kind
    var seed: UInt64
    var day = OtherPlatformTests.day
    var periods: [String]
    var testDescription: String { "\(kind) of seed \(seed) on \(day)" }
  }

  private static let sights: [Sight] =
    [
      Sight(kind: .conversations, seed: 1, periods: ["2026", "2026-11", "2026-03", "2025-11"]),
      Sight(kind: .timeline, seed: 1, periods: ["2026-11", "2026-10", "2026-08"]),
      Sight(kind: .registrations, seed: 1, periods: ["2026", "2026-11", "2026-01", "2018-11"]),
    ]
    + (isSoak
      ? (2...6).flatMap { seed in
        [
          Sight(
            kind: .conversations, seed: seed,
            periods: ["2025", "2026", "2025-10", "2026-01", "2026-02", "2026-05", "2026-06"]),
          Sight(kind: .timeline, seed: seed, periods: ["2026-11", "2026-09", "2025-12"]),
          Sight(
            kind: .registrations, seed: seed, day: "2026-04-05",
            periods: ["2018", "2026", "2026-04", "2026-03", "2018-02"]),
        ]
      } : [])

  @Test(
    .enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"),
    arguments: sights)
  func `Every published figure and row of another platform equals a second count`(
    _ sight: Sight
  ) throws {
    try OtherInstallation.with(sight.kind, seed: sight.seed) { here in
      let periods = sight.periods.flatMap { ["--period", $0] }
      for pipeline in pipelines(of: sight.kind) {
        let (status, output) = try here.yearbook(["run", pipeline, "--as-of", sight.day] + periods)
        try #require(status == 0, "\(output)")
        #expect(output.contains("isolation trial passed: \(pipeline)"), "\(output)")
      }
      let (status, output) = try here.countAgain(day: sight.day)
      #expect(status == 0, "\(output)")
    }
  }

  @Test func `Each report of another platform is in each language as it was recorded`() throws {
    try OtherInstallation.with(.conversations, size: 6) { here in
      try run(here, "conversations", "2026-10")
      for (slug, locale) in [("vendas", "pt-BR"), ("support", "en"), ("ayuda", "es")] {
        try GoldenPage.compare(
          "\(here.folder)/store/tenants/\(slug)/conversations/2026-10",
          "platforms/conversations.\(locale)")
      }
    }
    try OtherInstallation.with(.timeline, size: 6) { here in
      try run(here, "timeline", "2026-10")
      for (slug, locale) in [("u-1", "pt-BR"), ("u-2", "en"), ("u-3", "es")] {
        try GoldenPage.compare(
          "\(here.folder)/store/tenants/\(slug)/timeline/2026-10", "platforms/timeline.\(locale)")
      }
      for locale in ["pt-BR", "en", "es"] {
        try here.write("yearbook.yaml", here.settings(locale: locale))
        try run(here, "network", "2026-10")
        try GoldenPage.compare(
          "\(here.folder)/store/operator/network/2026-10", "platforms/network.\(locale)")
      }
    }
    try OtherInstallation.with(.registrations, size: 6) { here in
      var last = "pt-BR"
      for locale in ["pt-BR", "en", "es"] {
        try here.replace("'\(last)'", in: "pipelines/tenants.sql", with: "'\(locale)'")
        last = locale
        try run(here, "registrations", "2026-10")
        try GoldenPage.compare(
          "\(here.folder)/store/tenants/registrations/registrations/2026-10",
          "platforms/registrations.\(locale)")
      }
    }
  }

  @Test func `A tenant without rows gets a page that says so`() throws {
    try OtherInstallation.with(.conversations, size: 2) { here in
      try run(here, "conversations", "2026-10")
      let page = try here.newest("tenants/vazio/conversations/2026-10")["index.html"]
      let text = String(decoding: try #require(page), as: UTF8.self)
      #expect(text.contains("Ninguém escreveu neste período."), "\(text)")
    }
    try OtherInstallation.with(.timeline, size: 2) { here in
      try run(here, "timeline", "2026-10")
      // Nobody Follows Me follows nobody.
      let page = try here.newest("tenants/u-4/timeline/2026-10")["report.json"]
      #expect(String(decoding: try #require(page), as: UTF8.self).contains("\"followed\""))
    }
  }

  @Test(arguments: [
    (
      OtherPlatform.Kind.conversations, "common/spoken.sql",
      "m.tenant_id = p.tenant_id AND m.conversation", "m.conversation"
    ),
    (.timeline, "common/told.sql", "t.tenant_id = p.tenant_id", "t.tenant_id IS NOT NULL"),
  ])
  func `A query of another platform that forgets the tenant does not run`(
    _ kind: OtherPlatform.Kind, file: String, part: String, text: String
  ) throws {
    try OtherInstallation.with(kind, size: 2) { here in
      let sound = try here.yearbook(["check"])
      #expect(sound.status == 0, "\(sound.output)")
      #expect(sound.output.contains("tenants stay apart in every query"), "\(sound.output)")
      try here.replace(part, in: "pipelines/\(file)", with: text)
      let check = try here.yearbook(["check"])
      #expect(check.status == 78, "\(check.output)")
      let run = try here.yearbook(["run", kind.rawValue, "--as-of", Self.day])
      #expect(run.status != 0, "\(run.output)")
      #expect(!FileManager.default.fileExists(atPath: "\(here.folder)/store/tenants"))
    }
  }

  @Test func `The first platform's check and schedule do not see other platforms' pipelines`()
    throws
  {
    let folders = try FileManager.default.contentsOfDirectory(atPath: "\(Places.project)/pipelines")
    for kind in OtherPlatform.Kind.allCases {
      #expect(folders.contains(kind.rawValue))
      let check = try Program.run(
        [
          Places.yearbook, "check", "--pipelines", "\(Places.project)/pipelines/\(kind.rawValue)",
          "--templates", "\(Places.project)/templates",
        ])
      #expect(check.status == 0, "\(check.output)")
    }
    let first = try Program.run(
      [Places.yearbook, "run", "nothing", "--pipelines", "\(Places.project)/pipelines"])
    #expect(first.status != 0)
    for name in ["conversations", "timeline", "network", "registrations"] {
      #expect(!first.output.contains(name), "\(first.output)")
    }
  }

  @Test(arguments: OtherPlatform.Kind.allCases)
  func `The example of a configuration fits its platform`(_ kind: OtherPlatform.Kind) throws {
    try OtherInstallation.with(kind, size: 1) { here in
      let (status, output) = try Program.run(
        [
          Places.yearbook, "check", "--config",
          "\(Places.project)/docs/platforms/\(kind.rawValue).yaml",
        ],
        environment: [
          "YEARBOOK_SOURCE=\(here.platform.conninfo) user=yearbook_reader",
          "YEARBOOK_RECORD=\(here.record.conninfo) user=yearbook",
        ])
      #expect(status == 0, "\(output)")
      #expect(output.contains("\(kind.rawValue): tenants stay apart in every query"), "\(output)")
    }
  }

  @Test func `Tweets of one moment stand in the order of their keys, the newest first`() throws {
    try OtherInstallation.with(.timeline) { here in
      try run(here, "timeline", "2026-11")
      // Who has most of the tweets that were written at one moment.
      let reader = try here.platform.connect().query(
        """
        SELECT tenant_id::int AS id, count(*)::int AS tweets FROM reports.followed_tweet
        WHERE created = '2026-11-17 15:00+00' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1
        """
      ).only()
      #expect(try reader.int("tweets") > 1)
      let place = "tenants/u-\(try reader.int("id"))/timeline/2026-11"
      let file = try #require(try here.newest(place)["tweets.csv"])
      let lines = String(decoding: file, as: UTF8.self).split(separator: "\r\n").dropFirst()
      let cursors = lines.compactMap { line -> (Substring, Int)? in
        let cells = line.split(separator: ",", omittingEmptySubsequences: false)
        guard cells.count > 1, let id = Int(cells[1]) else { return nil }
        return (cells[0], id)
      }
      for (one, next) in zip(cursors, cursors.dropFirst()) {
        #expect(one.0 > next.0 || one.0 == next.0 && one.1 > next.1, "\(one) \(next)")
      }
      #expect(Set(cursors.map(\.0)).count < cursors.count, "no two tweets of one moment")
    }
  }

  @Test func `Nobody who did not agree is named in the operator's list`() throws {
    try OtherInstallation.with(.timeline) { here in
      try run(here, "network", "2026-11")
      let files = try here.newest("operator/network/2026-11")
      let unlisted = try here.platform.connect().query(
        """
        SELECT u.name FROM app.users u WHERE NOT u.listed AND btrim(u.name) <> ''
          AND NOT EXISTS (SELECT FROM app.users o WHERE o.listed AND strpos(o.name, u.name) > 0)
        """
      ).map { try $0.string("name") }
      #expect(!unlisted.isEmpty)
      for (name, bytes) in files {
        for person in unlisted {
          #expect(bytes.range(of: Data(person.utf8)) == nil, "\(person) is in \(name)")
        }
        #expect(bytes.range(of: Data("@people.example".utf8)) == nil)
      }
    }
  }

  private func pipelines(of kind: OtherPlatform.Kind) -> [String] {
    kind == .timeline ? ["timeline", "network"] : [kind.rawValue]
  }

  private func run(_ here: OtherInstallation, _ pipeline: String, _ period: String) throws {
    let (status, output) = try here.yearbook(
      ["run", pipeline, "--period", period, "--as-of", Self.day])
    try #require(status == 0, "\(output)")
  }
}
