import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

/// `yearbook requests work` beside a service: on its record and its store, with a platform of one
/// tenant and a small report named `yearly`.
final class Worker {
  private let scene: ServiceScene
  private let platform: TestDatabase
  private let program: RunningProgram

  /// Starts it.
  init(_ scene: ServiceScene) throws {
    self.scene = scene
    platform = try TestDatabase()
    let source = try platform.connect()
    try source.execute(Self.text("docs/platform-schema.sql"))
    try source.execute("SET client_min_messages = warning")
    try source.query("SELECT set_config('yearbook.part', 'source', false)")
    _ = try ServiceScene.roles.withLock { _ in
      try source.execute(Self.text("docs/platform-role.sql"))
    }
    try source.query(
      """
      INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
      VALUES ($1, 'acme', 'Acme & Friends', 'America/Sao_Paulo', 'en', 'EUR', '2024-03-01')
      """, [ServiceScene.acme])
    try source.query(
      """
      INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
      SELECT $1, 'u' || n, 'F', 'L', 'x@example.org', 30, '2025-03-01' FROM generate_series(1, 3) n
      """, [ServiceScene.acme])
    let folder = scene.folder.path
    func write(_ name: String, _ text: String) throws {
      let url = URL(fileURLWithPath: "\(folder)/\(name)")
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    try write(
      "pipelines/platform.yaml", "owners: {room_member: roomid}\npeople: {table: user, key: id}\n")
    try write("pipelines/tenants.sql", Self.text("pipelines/tenants.sql"))
    try write(
      "pipelines/yearly/pipeline.yaml",
      """
      name: yearly
      period: year
      title: {en: Year in review}
      extract: {queries: {people: {order: [username]}}}
      aggregate:
        figures: {people: {from: people, count: rows}}
        tables: {people: {from: people, publish: people, columns: {username: text}}}
      render: {index.html: yearly.html}
      publish: {}
      """)
    try write(
      "pipelines/yearly/people.sql",
      """
      SELECT p.tenant_id, u.username
      FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
      """)
    try FileManager.default.copyItem(
      atPath: "\(Places.project)/templates", toPath: "\(folder)/templates")
    try write(
      "templates/yearly.html",
      """
      {{>head}}
      <section><p class="lead">{{figures.people.value}}</p>
      {{#tables.people}}{{#files}}<p><a href="{{href}}">{{label}}</a></p>
      {{/files}}{{/tables.people}}</section>
      {{>foot}}
      """)
    for locale in ["en", "pt-BR", "es"] {
      try write(
        "templates/messages/\(locale).yaml",
        Self.text("templates/messages/\(locale).yaml")
          + "\nyearly: {figures: {people: People}, columns: {username: Name},"
          + " tables: {people: People}}\n")
    }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/media", withIntermediateDirectories: true)
    program = try RunningProgram(
      [
        Places.yearbook, "requests", "work", "--jobs", "1", "--pipelines", "\(folder)/pipelines",
        "--templates", "\(folder)/templates",
      ], in: folder,
      environment: [
        "YEARBOOK_SOURCE=\(platform.conninfo) user=yearbook_reader",
        "YEARBOOK_RECORD=\(scene.database.conninfo) user=yearbook",
        "YEARBOOK_STORE=\(folder)/store", "YEARBOOK_WORKSPACE=\(folder)/workspace",
        "YEARBOOK_MEDIA=\(folder)/media", "NO_COLOR=1",
      ])
  }

  /// What it has said so far.
  var output: String { program.output }

  /// Ends it as systemd would.
  func stop() throws {
    program.send(SIGTERM)
    try program.wait()
  }

  deinit {
    program.send(SIGKILL)
    do { try program.wait() } catch { print("the worker did not end: \(error)") }
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(Places.project)/\(name)", encoding: .utf8)
  }
}
