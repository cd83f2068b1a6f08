import Foundation
import Postgres
import Sample
import Synchronization
import TestSupport

/// Another platform of a test's own with the program pointed at it: its database with a sample, a
/// record, folders, the platform's pipelines.
struct OtherInstallation {
  let kind: OtherPlatform.Kind
  let folder: String
  let platform: TestDatabase
  let record: TestDatabase

  /// Calls `body` with an installation that is removed afterwards.
  static func with<T>(
    _ kind: OtherPlatform.Kind, seed: UInt64 = 2026, tenants: Int = 5, size: Int = 24,
    _ body: (OtherInstallation) throws -> T
  ) throws -> T {
    try withTemporaryFolder { folder in
      let here = OtherInstallation(
        kind: kind, folder: folder, platform: try TestDatabase(), record: try TestDatabase())
      let outcome = Result {
        try here.prepare(OtherPlatform(kind, seed: seed, tenants: tenants, size: size))
        return try body(here)
      }
      try here.platform.drop()
      try here.record.drop()
      return try outcome.get()
    }
  }

  private func prepare(_ platform: OtherPlatform) throws {
    let places = [OtherPlatform.Place(try self.platform.connect())]
    let schema = try Installation.text("docs/platforms/\(kind.rawValue).sql")
    let connection = try record.connect()
    try connection.query("SELECT set_config('yearbook.part', 'record', false)")
    try connection.execute("SET client_min_messages = warning")
    // Roles belong to the whole server, which other tests of this process use at the same time.
    try Installation.roles.withLock { _ in
      _ = try platform.create(on: places, schema: schema)
      try connection.execute(Installation.text("docs/platform-role.sql"))
    }
    let files = FileManager.default
    try files.copyItem(
      atPath: "\(Places.project)/pipelines/\(kind.rawValue)", toPath: "\(folder)/pipelines")
    try files.copyItem(atPath: "\(Places.project)/templates", toPath: "\(folder)/templates")
    try write("yearbook.yaml", settings())
  }

  /// The configuration, with the operator's language.
  func settings(locale: String = "en", more: String = "") -> String {
    return """
      source: {uri: "\(platform.conninfo) user=yearbook_reader", schema: reports}
      record: "\(record.conninfo) user=yearbook"
      store: store
      workspace: workspace
      operator: {name: Operator, time_zone: UTC, locale: \(locale), currency: USD}
      \(more)

      """
  }

  func write(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  /// Replaces a part of one of the installation's files.
  func replace(_ part: String, in name: String, with text: String) throws {
    let old = try Installation.text(name, in: folder)
    guard old.contains(part) else { throw Missing(part: part, file: name) }
    try write(name, old.replacing(part, with: text))
  }

  struct Missing: Error {
    var part: String
    var file: String
  }

  /// Runs the program; what it wrote to both outputs.
  func yearbook(_ arguments: [String]) throws -> (status: Int32, output: String) {
    try Program.run([Places.yearbook] + arguments, in: folder, environment: ["NO_COLOR=1"])
  }

  /// Counts again all that is in the store, in plain Python and from the tables.
  func countAgain(day: String, zone: String? = nil) throws -> (status: Int32, output: String) {
    guard let python = Places.judgesPython else { throw Missing(part: "python", file: "judges") }
    return try Program.run(
      [
        python, "\(Places.project)/Tests/oracle/other_platforms.py", kind.rawValue,
        "\(folder)/store", platform.conninfo, "--day", day,
      ] + (zone.map { ["--zone", $0] } ?? []),
      environment: ["PYTHONDONTWRITEBYTECODE=1"])
  }

  /// The files of the newest release of a partition: the name to the bytes.
  func newest(_ partition: String) throws -> [String: Data] {
    let place = "\(folder)/store/\(partition)"
    let latest = try Installation.text("latest.json", in: place)
    let release = latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") }
    guard let release else { throw Missing(part: "release", file: place) }
    let data = "\(place)/releases/\(release)/data"
    return try FileManager.default.contentsOfDirectory(atPath: data).reduce(into: [:]) {
      $0[$1] = FileManager.default.contents(atPath: "\(data)/\($1)")
    }
  }
}
