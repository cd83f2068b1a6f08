import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// All that the reports publish, counted a second time by plain Python (`Tests/oracle`).
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.judgesPython != nil, "scripts/install-judges was not run"))
struct FigureTests {
  private static let isSoak = getenv("YEARBOOK_SOAK") != nil

  /// Rows from a seed, seen on a day: years and months that are over, that begin, that have just ended.
  struct Sight: CustomTestStringConvertible {
    var seed: Int
    var day: String
    var years: [String]
    var months: [String]
    var scale = 1
    var testDescription: String { "seed \(seed), \(day)" }
  }

  private static let sights: [Sight] =
    [
      Sight(seed: 1, day: "2026-11-20", years: ["2025", "2026"], months: ["2024-02", "2026-11"]),
      // Under way on a day that the year before does not have.
      Sight(seed: 31, day: "2024-02-29", years: ["2024"], months: ["2024-02"]),
    ]
    + (isSoak
      ? (2...9).map {
        Sight(
          seed: $0, day: "2026-11-20", years: ["2024", "2025", "2026"],
          months: ["2024-02", "2025-03", "2025-10", "2025-11", "2025-12", "2026-01", "2026-11"],
          scale: $0 % 4 + 1)
      }
        + [("2025-12-31", "2025-12"), ("2026-01-01", "2026-01")].map {
          Sight(seed: 31, day: $0.0, years: [String($0.0.prefix(4))], months: [$0.1])
        } : [])

  @Test(arguments: sights)
  func `Every published figure and row equals a second count on odd rows`(_ sight: Sight) throws {
    try withReports { here, python in
      let made = try Program.run([
        python, "\(Places.project)/Tests/oracle/rows.py", here.platform.conninfo,
        "--seed", "\(sight.seed)", "--day", sight.day, "--scale", "\(sight.scale)",
      ])
      try #require(made.status == 0, "\(made.output)")
      try check(here, python, day: sight.day, years: sight.years, months: sight.months)
    }
  }

  @Test(.enabled(if: Places.sharedData != nil, "\(Places.noSharedData)"))
  func `Every published figure and row equals a second count on real rows`() throws {
    try withReports { here, python in
      let data = try #require(Places.sharedData)
      let loaded = try Program.run([
        python, "\(data)/../tools/load_platform.py", "--data", data, "--media-root",
        "\(here.folder)/media", "--dsn", here.platform.conninfo,
        "--join", "pocs-brasil=dojorio:8", "--join", "jvm-guild=guilda-jedi:0",
      ])
      try #require(loaded.status == 0, "\(loaded.output)")
      // All tenants' pictures are in the same folders.
      try here.write("yearbook.yaml", "media: {layout: shared}\n")
      let all = Self.isSoak
      try check(
        here, python, day: "2026-11-20",
        years: all ? ["2022", "2023", "2024", "2025", "2026"] : ["2024"],
        months: all ? ["2024-02", "2024-12", "2025-03", "2025-10"] : ["2024-03"])
    }
  }

  @Test func `Every published figure and row of the sample equals a second count`() throws {
    try withReports { here, python in
      // The sample makes the schema itself, from the file that it finds in the project.
      try here.platform.connect().execute("DROP SCHEMA app CASCADE")
      let (status, output) = try Program.run(
        [
          Places.yearbook, "sample", "--database", here.platform.conninfo, "--no-media",
          "--media", "\(here.folder)/media",
        ], in: Places.project)
      try #require(status == 0, "\(output)")
      let connection = try here.platform.connect()
      try connection.query("SELECT set_config('yearbook.part', 'source', false)")
      try connection.execute(Installation.text("docs/platform-role.sql"))
      try check(here, python, day: "2026-11-20", years: ["2026"], months: ["2026-03"])
    }
  }

  private func withReports(_ body: (Installation, _ python: String) throws -> Void) throws {
    let python = try #require(Places.judgesPython)
    try Installation.with { here in
      for name in ["annual", "billing", "dojos", "users", "member", "platform-billing", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.useProjectRules()
      try body(here, python)
    }
  }

  /// Runs all reports and counts again.
  private func check(
    _ here: Installation, _ python: String, day: String, years: [String], months: [String]
  ) throws {
    for report in ["annual", "member", "billing", "dojos", "users", "platform-billing"] {
      let all = ["annual", "member"].contains(report) ? years : years + months
      let periods = all.flatMap { ["--period", $0] }
      let (status, output) = try here.yearbook(["run", report, "--as-of", day] + periods)
      try #require(status == 0, "\(output)")
    }
    let (status, output) = try Program.run(
      [
        python, "\(Places.project)/Tests/oracle/check.py", here.platform.conninfo,
        "\(here.folder)/store", "--day", day,
      ], environment: ["PYTHONDONTWRITEBYTECODE=1"])
    #expect(status == 0, "\(output)")
    let read = try Program.run(
      [
        python, "\(Places.project)/Tests/oracle/sentences.py", here.platform.conninfo, "--store",
        "\(here.folder)/store", "--day", day,
      ], environment: ["PYTHONDONTWRITEBYTECODE=1"])
    #expect(read.status == 0, "\(read.output)")
  }
}
