import Foundation
import Glibc
import Postgres
import Synchronization
import TestSupport
import Testing

/// The platform is called when a request for a report has ended: with SQL, YAML and a template
/// alone, through a real web service that checks who calls.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: FaultyServer.missing == nil && Places.judgesPython != nil,
    "standardwebhooks is not installed: scripts/install-judges"))
struct CallsTests {
  private static let secret = "whsec_" + Data(repeating: 9, count: 32).base64EncodedString()

  private struct Request: Decodable {
    var method, path, body: String
    var effect: Bool
    var headers: [String: String]
  }

  private struct Call: Decodable, Equatable {
    struct Told: Decodable, Equatable {
      var report_id: Int
      var tenant_id, report, state: String
      var period, failure: String?
    }
    var type, timestamp: String
    var data: Told
  }

  /// The example's own configuration, with a test's databases and service.
  private func prepare(_ here: Installation, _ calls: TestDatabase, _ port: Int) throws {
    let record = try here.record.connect()
    try record.execute("SET client_min_messages = warning")
    let kept = try calls.connect()
    try kept.query("SELECT set_config('yearbook.part', 'record', false)")
    try kept.execute("SET client_min_messages = warning")
    _ = try Installation.roles.withLock { _ in
      try record.execute(Installation.text("docs/platforms/calls.sql"))
      // A second time it changes nothing.
      try record.execute(Installation.text("docs/platforms/calls.sql"))
      try kept.execute(Installation.text("docs/platform-role.sql"))
    }
    let example = try Installation.text("docs/platforms/calls.yaml")
      .replacing(
        "postgresql://yearbook_calls@/yearbook",
        with: "\(here.record.conninfo) user=yearbook_calls"
      )
      .replacing("postgresql://yearbook@/yearbook_calls", with: "\(calls.conninfo) user=yearbook")
      .replacing("../../pipelines", with: "\(Places.project)/pipelines")
      .replacing("../../templates", with: "\(Places.project)/templates")
      .replacing("../../", with: "\(here.folder)/calls/")
      .replacing(
        "url: https://platform.example.com/yearbook,",
        with: "url: 'http://127.0.0.1:\(port)/yearbook', plain_http: true,"
          + " private_hosts: [127.0.0.1],")
    try here.write("calls.yaml", example)
    let checked = try Program.run(
      [Places.yearbook, "check", "--config", "\(here.folder)/calls.yaml"], in: here.folder,
      environment: ["NO_COLOR=1", "WEBHOOK_SECRET=\(Self.secret)"])
    #expect(checked.status == 0, "\(checked.output)")
    #expect(
      checked.output.contains("calls: tenants stay apart in every query"), "\(checked.output)")
  }

  /// As cron does it every minute.
  private func tell(_ here: Installation, isWell: Bool = true) throws {
    for words in [["run", "calls"], ["deliver", "--once"]] {
      let told = try Program.run(
        [Places.yearbook] + words + ["--config", "\(here.folder)/calls.yaml"], in: here.folder,
        environment: ["NO_COLOR=1", "WEBHOOK_SECRET=\(Self.secret)"])
      #expect(!isWell || told.status == 0, "\(told.output)")
      #expect(!told.output.contains(Self.secret))
    }
  }

  private func verify(_ request: Request, _ secret: String) throws -> Int32 {
    let script = """
      import json, sys
      from standardwebhooks.webhooks import Webhook
      Webhook(sys.argv[1]).verify(sys.argv[3], json.loads(sys.argv[2]))
      """
    let headers = try JSONEncoder().encode(request.headers.filter { $0.key.hasPrefix("webhook-") })
    return try Program.run([
      try #require(Places.judgesPython), "-c", script, secret,
      String(decoding: headers, as: UTF8.self), request.body,
    ]).status
  }

  @Test func `The platform is called once for each request that ended, published or failed`() throws
  {
    let service = try FaultyServer("web_server.py")
    try Installation.with { here in
      let calls = try TestDatabase()
      try here.addTenant("acme")
      _ = try here.yearbook(["runs"])
      try prepare(here, calls, service.port)
      let record = try here.record.connect()
      let tenant = try here.platform.connect().query("SELECT id FROM app.tenant").only()
        .string("id")
      let stranger = "99999999-0000-4000-8000-000000000009"
      func ask(_ tenant: String, _ report: String, _ period: String?) throws -> Int {
        try record.query(
          "INSERT INTO yearbook.reports (tenant_id, report_type, period) VALUES ($1, $2, $3)"
            + " RETURNING id", [tenant, report, period]
        ).only().int("id")
      }
      /// A run's moment is a whole second: what happens within it is the next run's.
      func work() throws {
        _ = try here.yearbook(["requests", "work", "--once"])
        try record.execute(
          "UPDATE yearbook.reports SET finished = finished - interval '2 seconds'")
      }
      let good = try ask(tenant, "ROWS", "2025")
      let bad = try ask(tenant, "SALES", "2025")
      let strange = try ask(stranger, "ROWS", nil)
      try work()
      let waiting = try ask(tenant, "ROWS", "2024")
      service.misbehave("status 1 503")
      try tell(here, isWell: false)
      service.misbehave(nil)
      // What was not taken is tried again later, under the same key.
      #expect(service.log.count >= 1)
      try calls.connect().execute(
        "UPDATE yearbook.outbox SET not_before = now() WHERE state IN ('retryable', 'uncertain')")
      try tell(here)
      let all = try service.log.map { line in
        try JSONDecoder().decode(Request.self, from: Data(line.utf8))
      }
      let calledOf = try all.filter(\.effect).map {
        try JSONDecoder().decode(Call.self, from: Data($0.body.utf8)).data
      }.sorted { $0.report_id < $1.report_id }
      #expect(
        calledOf == [
          .init(
            report_id: good, tenant_id: tenant, report: "rows", state: "published", period: "2025"),
          .init(
            report_id: bad, tenant_id: tenant, report: "sales", state: "failed", period: "2025",
            failure: "report"),
          .init(
            report_id: strange, tenant_id: stranger, report: "rows", state: "failed",
            failure: "tenant"),
        ])
      for request in all {
        #expect(request.method == "POST" && request.path == "/yearbook")
        #expect(try verify(request, Self.secret) == 0, "\(request)")
        let other = "whsec_" + Data(repeating: 8, count: 32).base64EncodedString()
        #expect(try verify(request, other) != 0)
      }

      // Nothing new is told twice; what ends later is told then.
      try tell(here)
      #expect(service.log.count == all.count)
      try work()
      try tell(here)
      #expect(service.log.count == all.count + 1)
      let last = try JSONDecoder().decode(
        Request.self, from: Data(try #require(service.log.last).utf8))
      let call = try JSONDecoder().decode(Call.self, from: Data(last.body.utf8))
      #expect(call.type == "report.published" && call.data.report_id == waiting)

      // The role sees no more than that.
      let reader = try Connection("\(here.record.conninfo) user=yearbook_calls")
      for statement in [
        "SELECT user_id FROM yearbook.reports", "SELECT error FROM yearbook.reports",
        "SELECT * FROM yearbook.run", "CREATE TABLE calls.mine (id int)",
      ] {
        #expect(throws: (any Error).self, "\(statement)") { try reader.execute(statement) }
      }
      try calls.drop()
    }
  }
}
