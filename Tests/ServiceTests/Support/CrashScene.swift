import Engine
import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing
import Transfer

/// The service, two workers and a PostgreSQL of their own, each of which can be killed and started
/// again while callers go on.
///
/// `@unchecked Sendable`: the programs and the server are changed by one test's thread. Callers'
/// threads read the port alone.
final class CrashScene: @unchecked Sendable {
  let folder: String
  private let issuer: TestIssuer
  private(set) var server: PrivateServer
  private(set) var service: RunningProgram?
  private(set) var workers: [RunningProgram] = []
  private(set) var tenants: [String] = []
  private let port = Mutex(0)
  static let workerCount = 2

  /// - Parameter tenants: how many tenants the platform has.
  init(_ folder: String, tenants count: Int) throws {
    self.folder = folder
    issuer = try TestIssuer()
    server = try PrivateServer.start(in: "\(folder)/server")
    try pointAtServer()
    let admin = try Connection(server.conninfo())
    try admin.execute("CREATE DATABASE platform")
    try admin.execute("CREATE DATABASE yearbook")
    let platform = try Connection(server.conninfo(database: "platform"))
    try platform.execute("SET client_min_messages = warning")
    try platform.execute(Self.text("docs/platform-schema.sql"))
    for part in ["source", "record"] {
      let connection = try Connection(
        server.conninfo(database: part == "source" ? "platform" : "yearbook"))
      try connection.execute("SET yearbook.part = \(part); SET client_min_messages = warning")
      try connection.execute(Self.text("docs/platform-role.sql"))
    }
    for number in 1...count {
      try platform.query(
        "INSERT INTO app.tenant (slug, name, timezone, locale, currency, created)"
          + " VALUES ($1, $1, 'America/Sao_Paulo', 'en', 'EUR', '2024-03-01')",
        ["tenant-\(number)"])
    }
    try platform.execute(
      """
      INSERT INTO app."user" (tenantid, username, firstname, lastname, email, age, created)
      SELECT t.id, 'u' || n, 'F', 'L', 'x@example.org', 30, '2024-04-01'
      FROM app.tenant t, generate_series(1, 5) n
      """)
    self.tenants = try platform.query("SELECT id::text AS id FROM app.tenant ORDER BY slug")
      .map { try $0.string("id") }
    try writeFiles()
    _ = try RunRecord(record)
    try startService()
    for _ in 0..<Self.workerCount { workers.append(try worker()) }
  }

  /// The server, for the programs.
  private var host: String { "host=\(folder)/socket port=5432" }

  private var record: String { "\(host) dbname=yearbook user=yearbook" }

  /// A server that is started again has its socket in another folder.
  private func pointAtServer() throws {
    let link = "\(folder)/socket"
    unlink(link)
    guard symlink(server.socketDirectory, link) == 0 else { throw POSIXFailure(errno) }
  }

  private func writeFiles() throws {
    try write(
      "pipelines/platform.yaml",
      "owners: {room_member: roomid}\npeople: {table: user, key: id}\n")
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
    try FileManager.default.copyItem(
      atPath: "\(Places.project)/templates", toPath: "\(folder)/templates")
    for locale in ["en", "pt-BR", "es"] {
      try write(
        "templates/messages/\(locale).yaml",
        Self.text("templates/messages/\(locale).yaml")
          + "\nrows: {figures: {people: People}, columns: {username: Name},"
          + " tables: {people: People}}\n")
    }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/store/tenants", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: "\(folder)/media", withIntermediateDirectories: true)
    try issuer.keySet().write(to: URL(fileURLWithPath: "\(folder)/keys.json"))
    try write(
      "serve.yaml",
      """
      record: "\(host) dbname=yearbook user=yearbook_service"
      store: store
      listen: 127.0.0.1:0
      reports: [rows]
      tokens: {issuer: "\(TestIssuer.name)", audience: \(TestIssuer.audience), keys: keys.json}
      limits: {caller_rate: 100000, tenant_rate: 100000, queue: 100000}
      """)
  }

  private func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: "\(folder)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  private static func text(_ name: String) throws -> String {
    try String(contentsOfFile: "\(Places.project)/\(name)", encoding: .utf8)
  }

  // MARK: What is killed

  private func startService() throws {
    let program = try RunningProgram([
      Places.products + "/yearbook-serve", "\(folder)/serve.yaml",
    ])
    service = program
    var found: Int?
    _ = eventually(within: 30) {
      found = program.output.firstMatch(of: /listens on port ([0-9]+)/)
        .flatMap { Int($0.output.1) }
      return found != nil || program.hasEnded
    }
    let open = try #require(found, "\(program.output)")
    port.withLock { $0 = open }
  }

  private func worker() throws -> RunningProgram {
    return try RunningProgram(
      [
        Places.yearbook, "requests", "work", "--jobs", "1", "--pipelines", "\(folder)/pipelines",
        "--templates", "\(folder)/templates",
      ], in: folder,
      environment: [
        "YEARBOOK_SOURCE=\(host) dbname=platform user=yearbook_reader",
        "YEARBOOK_RECORD=\(record)", "YEARBOOK_STORE=\(folder)/store",
        "YEARBOOK_WORKSPACE=\(folder)/workspace", "YEARBOOK_MEDIA=\(folder)/media", "NO_COLOR=1",
      ])
  }

  func killService() throws {
    service?.send(SIGKILL)
    try service?.wait()
    try startService()
  }

  func killWorker(_ number: Int) throws {
    workers[number].send(SIGKILL)
    try workers[number].wait()
    workers[number] = try worker()
  }

  /// Ends all of PostgreSQL's processes at once, as a power cut would, and starts it again.
  func killDatabase() throws {
    try server.stop(.immediate)
    server = try PrivateServer.start(in: "\(folder)/server")
    try pointAtServer()
  }

  /// Starts workers again that gave up, as systemd does.
  func reviveWorkers() throws {
    for (number, program) in workers.enumerated() where program.hasEnded {
      try program.wait()
      workers[number] = try worker()
    }
  }

  func end() throws {
    for program in workers + [service].compactMap({ $0 }) {
      program.send(SIGKILL)
      try program.wait()
    }
    try server.stop(.immediate)
    try PrivateServer.remove("\(folder)/server")
  }

  // MARK: Callers

  func token(_ tenant: String) throws -> String {
    try issuer.token(TestIssuer.claims(tenant: tenant))
  }

  /// Sends a request as callers do: the same again until there is an answer that says something.
  func send(
    _ method: String, _ path: String, token: String, body: String = "", key: String? = nil
  ) throws -> (status: Int, json: [String: Any]) {
    var headers = [
      (name: "Authorization", value: "Bearer \(token)"),
      (name: "Content-Type", value: "application/json"),
    ]
    if let key { headers.append((name: "Idempotency-Key", value: key)) }
    let end = ContinuousClock.now + .seconds(90)
    while .now < end {
      do {
        let transfer = try HTTPTransfer(
          patience: .init(connect: 2, stall: 10, total: 20), authorities: nil,
          isCancelled: { false })
        let reply = try transfer.perform(
          HTTPRequest(
            method: method, url: "http://127.0.0.1:\(port.withLock { $0 })\(path)",
            headers: headers, body: Array(body.utf8)), signing: nil)
        if reply.status < 500 {
          let json = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
          return (reply.status, json ?? [:])
        }
      } catch is HTTPTransfer.Failure {
        // It is down, or died while it answered.
      }
      usleep(50_000)
    }
    throw POSIXFailure(ETIMEDOUT)
  }

  func connect() throws -> Connection { try Connection(server.conninfo(database: "yearbook")) }
}
