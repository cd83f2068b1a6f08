import Foundation
import Postgres
import Synchronization
import TestSupport

/// A platform of a test's own with the program pointed at it: two databases, roles, folders, a pipeline.
///
/// The pipeline `rows` needs no film and no page, so that these tests are about the command line and the
/// engine alone.
struct Installation {
  let folder: String
  let environment: [String]
  let platform: TestDatabase
  let record: TestDatabase
  static let roles = Mutex(())

  /// Calls `body` with an installation that is removed afterwards.
  static func with<T>(_ body: (Installation) throws -> T) throws -> T {
    try withTemporaryFolder { folder in
      let installation = try Installation(folder)
      let outcome = Result { try body(installation) }
      try installation.platform.drop()
      try installation.record.drop()
      return try outcome.get()
    }
  }

  private init(_ folder: String) throws {
    self.folder = folder
    platform = try TestDatabase()
    record = try TestDatabase()
    let source = try platform.connect()
    try source.execute(Self.text("docs/platform-schema.sql"))
    for (connection, part) in [(source, "source"), (try record.connect(), "record")] {
      try connection.query("SELECT set_config('yearbook.part', $1, false)", [part])
      try connection.execute("SET client_min_messages = warning")
      // Roles belong to the whole server, which other tests of this process use at the same time.
      _ = try Self.roles.withLock { _ in
        try connection.execute(Self.text("docs/platform-role.sql"))
      }
    }
    environment = [
      "YEARBOOK_SOURCE=\(platform.conninfo) user=yearbook_reader",
      "YEARBOOK_RECORD=\(record.conninfo) user=yearbook",
      "YEARBOOK_STORE=\(folder)/store", "YEARBOOK_WORKSPACE=\(folder)/workspace",
      "YEARBOOK_MEDIA=\(folder)/media", "NO_COLOR=1",
    ]
    // The pipeline `rows` reads names by itself, which the project's own rules forbid.
    try write(
      "pipelines/platform.yaml", "owners: {room_member: roomid}\npeople: {table: user, key: id}\n")
    try write("pipelines/tenants.sql", Self.text("pipelines/tenants.sql"))
    try write(
      "pipelines/rows/pipeline.yaml",
      """
      name: rows
      period: [year, month]
      title: Rows
      extract: {queries: {people: {order: [username]}}}
      aggregate:
        figures: {people: {from: people, count: rows}}
        tables: {people: {from: people, publish: people, columns: {username: text}}}
      """)
    try write(
      "pipelines/rows/people.sql",
      """
      SELECT p.tenant_id, u.username
      FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
      """)
    try write(
      "pipelines/nightly.yaml",
      "name: nightly\ntenants: active\npipelines:\n  - {run: rows, periods: [this-year, closing-years]}\n"
    )
    try FileManager.default.copyItem(
      atPath: "\(Places.project)/templates", toPath: "\(folder)/templates")
    for locale in ["en", "pt-BR", "es"] {
      try write(
        "templates/messages/\(locale).yaml",
        Self.text("templates/messages/\(locale).yaml")
          + "\nrows: {figures: {people: People}, columns: {username: Name}, tables: {people: People}}\n"
      )
    }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/media", withIntermediateDirectories: true)
  }

  func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: "\(folder)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Adds one of the project's own reports, and the files that all of them share.
  func addReport(_ name: String) throws {
    let files = FileManager.default
    for file in [name, "common"] {
      let (here, there) = ("\(folder)/pipelines/\(file)", "\(Places.project)/pipelines/\(file)")
      if files.fileExists(atPath: here) || !files.fileExists(atPath: there) { continue }
      try files.copyItem(atPath: there, toPath: here)
    }
  }

  /// Sets the project's own rules for the platform's tables: withheld columns, names of people.
  func useProjectRules() throws {
    try write("pipelines/platform.yaml", Self.text("pipelines/platform.yaml"))
  }

  /// Adds an active tenant with some people.
  func addTenant(
    _ slug: String, timeZone: String = "America/Sao_Paulo", people: Int = 3
  ) throws {
    let connection = try platform.connect()
    try connection.query(
      "INSERT INTO app.tenant (slug, name, timezone, locale, currency, created)"
        + " VALUES ($1, $1, $2, 'en', 'EUR', '2024-03-01')",
      [slug, timeZone])
    try connection.query(
      """
      INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
      SELECT t.id, 'u' || n, 'F', 'L', 'x@example.org', 30, '2025-03-01'
      FROM app.tenant t, generate_series(1, $2::int) n WHERE t.slug = $1
      """, [slug, String(people)])
  }

  /// Runs the program; what it wrote to both outputs.
  func yearbook(
    _ arguments: [String], environment more: [String] = []
  ) throws -> (status: Int32, output: String) {
    try Program.run(
      [Places.yearbook] + arguments
        + ["--pipelines", "\(folder)/pipelines", "--templates", "\(folder)/templates"],
      in: folder, environment: environment + more)
  }

  /// Starts the program and does not wait for it.
  func start(_ arguments: [String], environment more: [String] = []) throws -> RunningProgram {
    try RunningProgram(
      [Places.yearbook] + arguments
        + ["--pipelines", "\(folder)/pipelines", "--templates", "\(folder)/templates"],
      in: folder, environment: environment + more)
  }

  /// Path below the store's root to content, of the payloads of the newest releases alone.
  func payload() throws -> [String: Data] { Self.payload(inStore: "\(folder)/store") }

  /// As `payload()`, of any store.
  static func payload(inStore root: String) -> [String: Data] {
    var files: [String: Data] = [:]
    var newest: [String: String] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init()
    where path.hasSuffix("/latest.json") {
      let head = FileManager.default.contents(atPath: "\(root)/\(path)").flatMap {
        try? JSONSerialization.jsonObject(with: $0) as? [String: Any]
      }
      newest[String(path.dropLast("/latest.json".count))] = head?["release"] as? String
    }
    for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
      guard path.contains("/data/") else { continue }
      var isFolder: ObjCBool = false
      let full = "\(root)/\(path)"
      guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder),
        !isFolder.boolValue
      else { continue }
      // Without the release's id, which has the time in it.
      let parts = path.split(separator: "/")
      guard newest[parts[..<4].joined(separator: "/")] ?? String(parts[5]) == parts[5] else {
        continue
      }
      files[(parts[..<4] + parts[6...]).joined(separator: "/")] =
        FileManager.default.contents(atPath: full)
    }
    return files
  }

  /// A file's text; the project's, unless another folder is named.
  static func text(_ name: String, in folder: String = Places.project) throws -> String {
    try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }
}
