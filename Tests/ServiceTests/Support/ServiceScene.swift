import Basics
import Engine
import Foundation
import Glibc
import Postgres
import Store
import Synchronization
import TestSupport
import Testing
import Transfer

/// The built service on the loopback interface, with a record, a store and an issuer of its own.
///
/// `@unchecked Sendable`: what changes after `init` is changed by one test's thread.
final class ServiceScene: @unchecked Sendable {
  static let acme = "0a1b2c3d-0000-4000-8000-000000000001"
  static let globex = "0a1b2c3d-0000-4000-8000-000000000002"
  static let missing: String? =
    access(Places.products + "/yearbook-serve", X_OK) == 0 ? nil : "the service is not built"

  let database: TestDatabase
  let folder: TemporaryFolder
  let issuer: TestIssuer
  let store: ReleaseStore
  private(set) var program: RunningProgram
  private(set) var port: Int
  private let environment: [String]
  /// Only one test at a time makes the roles, which all databases of the server share.
  static let roles = Mutex<Void>(())

  /// The service's socket, if it listens on one.
  var socket: String { folder.path + "/http.sock" }

  /// - Parameters:
  ///   - settings: more lines of the service's configuration.
  ///   - keys: where the issuer's keys are.
  ///   - listen: where it listens; `unix:http.sock` for `socket`.
  ///   - links: what links are; without, they are signed by a key of the service.
  ///   - environment: the service's, as `NAME=value`.
  init(
    _ settings: String = "", keys: String = "keys.json", listen: String = "127.0.0.1:0",
    links: String = "{key: link.key, time: 5m}", environment: [String] = []
  ) throws {
    self.environment = environment
    database = try TestDatabase()
    folder = try TemporaryFolder()
    issuer = try TestIssuer()
    let admin = try database.connect()
    try Self.roles.withLock { _ in
      try admin.query("SELECT set_config('yearbook.part', 'record', false)")
      let roles = try #require(
        FileManager.default.contents(atPath: Places.project + "/docs/platform-role.sql"))
      try admin.execute(String(decoding: roles, as: UTF8.self))
    }
    _ = try RunRecord(database.conninfo + " user=yearbook")
    store = try ReleaseStore(root: folder.path + "/store")
    try FileManager.default.createDirectory(
      atPath: folder.path + "/store/tenants", withIntermediateDirectories: true)
    try issuer.keySet().write(to: URL(fileURLWithPath: folder.path + "/keys.json"))
    try Data(repeating: 7, count: 32).write(to: URL(fileURLWithPath: folder.path + "/link.key"))
    chmod(folder.path + "/link.key", 0o600)
    let text = """
      record: "\(database.conninfo) user=yearbook_service"
      store: store
      listen: \(listen)
      reports: {anual: yearly, yearly: yearly, sales: sales}
      tokens:
        issuer: \(TestIssuer.name)
        audience: \(TestIssuer.audience)
        keys: \(keys)
      links: \(links)
      \(settings)
      """
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.path + "/serve.yaml"))
    (program, port) = try Self.start(folder.path, environment)
  }

  deinit {
    program.send(SIGKILL)
    do { try program.wait() } catch { print("the service did not end: \(error)") }
  }

  private static func start(
    _ folder: String, _ environment: [String]
  ) throws -> (RunningProgram, Int) {
    let program = try RunningProgram(
      [Places.products + "/yearbook-serve", folder + "/serve.yaml"], environment: environment)
    var port: Int?
    let isUp = eventually(within: 30) {
      let output = program.output
      port = output.firstMatch(of: /listens on port ([0-9]+)/).flatMap { Int($0.output.1) }
      if output.contains("listens on its socket") { port = 0 }
      return port != nil || program.hasEnded
    }
    try #require(isUp && port != nil, "\(program.output)")
    return (program, port ?? 0)
  }

  /// Kills the service without a word and starts it again.
  func killAndStart() throws {
    program.send(SIGKILL)
    try program.wait()
    (program, port) = try Self.start(folder.path, environment)
  }

  /// A token of a tenant.
  func token(
    _ tenant: String? = acme, scope: String = "reports:request reports:read",
    subject: String = "platform"
  ) throws -> String {
    try issuer.token(TestIssuer.claims(tenant: tenant, scope: scope, subject: subject))
  }

  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    func json() throws -> [String: Any] {
      try #require(JSONSerialization.jsonObject(with: Data(body)) as? [String: Any], "\(text)")
    }
  }

  /// Sends one request.
  func send(
    _ method: String, _ path: String, token: String? = nil, body: String? = nil,
    headers: [(name: String, value: String)] = []
  ) throws -> Answer {
    if method == "HEAD" { return try head(path, token) }
    let transfer = try HTTPTransfer(
      patience: .init(connect: 5, stall: 60), authorities: nil, isCancelled: { false })
    var all = headers
    if let token { all.append(("Authorization", "Bearer \(token)")) }
    if body != nil, !headers.contains(where: { $0.name == "Content-Type" }) {
      all.append(("Content-Type", "application/json"))
    }
    let reply = try transfer.perform(
      HTTPRequest(
        method: method, url: "http://127.0.0.1:\(port)\(path)", headers: all,
        body: Array((body ?? "").utf8)), signing: nil)
    return Answer(status: reply.status, headers: reply.headers, body: reply.body)
  }

  /// Our own client does not know that an answer to HEAD has no body.
  private func head(_ path: String, _ token: String?) throws -> Answer {
    let curl = try #require(Places.program("curl"))
    let reply = try Program.run([
      curl, "-s", "-I", "-H", token.map { "Authorization: Bearer \($0)" } ?? "X-None: 1",
      "http://127.0.0.1:\(port)\(path)",
    ])
    let lines = reply.output.split(whereSeparator: \.isNewline).map(String.init)
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return Answer(status: try #require(status), headers: headers, body: [])
  }

  /// Asks for a report and returns its id.
  func ask(
    _ report: String = "yearly", tenant: String = acme, period: String? = "2026",
    headers: [(name: String, value: String)] = []
  ) throws -> Int {
    let period = period.map { ", \"period\": \"\($0)\"" } ?? ""
    let answer = try send(
      "POST", "/v1/report/\(report)", token: try token(tenant),
      body: "{\"tenant_id\": \"\(tenant)\"\(period)}", headers: headers)
    try #require(answer.status == 202, "\(answer.status) \(answer.text)")
    return try #require(try answer.json()["report_id"] as? Int)
  }

  /// Publishes a release and says so in a request's row, as a worker does.
  ///
  /// - Returns: the release's folder, relative to the store.
  @discardableResult
  func publish(
    _ id: Int?, tenant: String = acme, slug: String = "acme", film: [UInt8] = [1, 2, 3]
  ) throws -> String {
    let files: [ReleaseFile] = [
      ReleaseFile(
        name: "index.html", bytes: Array("<!doctype html><title>\(slug)</title>\n".utf8),
        mediaType: "text/html"),
      ReleaseFile(name: "film.mp4", bytes: film, mediaType: "video/mp4"),
      ReleaseFile(
        name: "tables/months.csv", bytes: Array("a\r\n1\r\n".utf8), mediaType: "text/csv"),
      ReleaseFile(
        name: "own/secretsecretsecretsecrets2/index.html", bytes: Array("Ana's".utf8),
        mediaType: "text/html"),
    ]
    let pending = PendingRelease(
      tenant: ReleaseTenant(id: tenant, slug: slug, name: slug), pipeline: "yearly",
      period: "2026", title: "The year of \(slug)", files: files,
      metadata: ReleaseMetadata(status: .provisional, run: "r1", created: 1_795_230_900))
    let head = try #require(store.publish([pending]).first).get().head
    let location = "tenants/\(slug)/yearly/2026/releases/\(head.release)"
    if let id { try mark(id, "published", location) }
    return location
  }

  /// Sets a request's status, as a worker does.
  func mark(_ id: Int, _ status: String, _ location: String? = nil) throws {
    try database.connect().query(
      "UPDATE yearbook.reports SET status = $2, location = $3, finished = now() WHERE id = $1",
      [String(id), status, location])
  }

  /// How many requests the record has.
  func requests() throws -> Int {
    try database.connect().query("SELECT count(*) AS n FROM yearbook.reports").only().int("n")
  }
}
