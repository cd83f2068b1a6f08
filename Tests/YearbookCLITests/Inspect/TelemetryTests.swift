import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// What leaves the process after a run, and what endpoints can do to a run: nothing.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: FaultyServer.missing == nil, "\(FaultyServer.missing ?? "")"))
struct TelemetryTests {
  private static func configuration(port: Int, tenants: String = "none", encoding: String = "json")
    -> String
  {
    """
    telemetry:
      tenants: \(tenants)
      file: seen/yearbook.prom
      push: {url: "http://127.0.0.1:\(port)/push", plain_http: true}
      otlp:
        url: "http://127.0.0.1:\(port)"
        plain_http: true
        encoding: \(encoding)
        headers: {Authorization: {env: SEEN_SECRET}}
      lineage: {url: "http://127.0.0.1:\(port)/lineage", plain_http: true}

    """
  }

  @Test func `A collector gets the metrics and a span of each stage, in the request's trace`()
    throws
  {
    try MetricsTests.withFailedTenant { here in
      let server = try FaultyServer("web_server.py")
      try FileManager.default.createDirectory(
        atPath: "\(here.folder)/seen", withIntermediateDirectories: true)
      try here.write("yearbook.yaml", Self.configuration(port: server.port))
      // So that there is something to publish: a year that is over is final, and not planned again.
      try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || 'x'")
      let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      let (status, output) = try here.yearbook(
        ["run", "nightly", "--force"],
        environment: ["SEEN_SECRET=Bearer abc", "TRACEPARENT=\(parent)"])
      #expect(status == 1 && !output.contains("telemetry"), "\(output)")
      let requests = try server.log.map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
      #expect(
        Set(requests.compactMap { $0["path"] as? String }) == [
          "/push/metrics/job/yearbook", "/v1/metrics", "/v1/traces", "/lineage/api/v1/lineage",
        ])
      for request in requests where (request["path"] as? String)?.hasPrefix("/v1") == true {
        #expect((request["headers"] as? [String: String])?["authorization"] == "Bearer abc")
      }
      let trace = try #require(
        requests.first { $0["path"] as? String == "/v1/traces" }?["body"] as? String)
      let id = try #require(
        try here.record.connect().query(
          "SELECT id FROM yearbook.run ORDER BY started DESC LIMIT 1"
        ).first?.string("id"))
      #expect(trace.contains("\"\(id)\""))
      let tries = try here.record.connect().query(
        "SELECT count(*) AS tries FROM yearbook.attempt WHERE run_id = $1", [id]
      ).only().int("tries")
      #expect(tries > 0)
      #expect(trace.components(separatedBy: "\"parentSpanId\"").count == tries + 1, "\(trace)")
      #expect(trace.components(separatedBy: "\"name\":\"rows aggregate\"").count == tries + 1)
      #expect(trace.contains("\"traceId\":\"0af7651916cd43dd8448eb211c80319c\""), "\(trace)")
      let file = try Installation.text("yearbook.prom", in: here.folder + "/seen")
      #expect(file.contains("yearbook_run_last_partitions"))
      let events = requests.filter { $0["path"] as? String == "/lineage/api/v1/lineage" }
        .compactMap { $0["body"] as? String }
      // The pipeline's two, and two of its stage; what it reads by PostgreSQL's own parse.
      #expect(events.count == 4)
      #expect(events.first?.contains("{\"name\":\"username\"}") == true, "\(events)")
      let end = try #require(events.last)
      #expect(end.contains("\"eventType\":\"FAIL\""), "\(end)")
      // A dataset's column comes from a table's; what was published has rows and a digest.
      let column =
        #"{"inputFields":[{"field":"username","name":"user","namespace":"source"}]}"#
      #expect(end.contains("\"username\":\(column)"), "\(end)")
      #expect(
        end.contains("\"name\":\"rows\",\"namespace\":\"yearbook\",\"outputFacets\""), "\(end)")
      #expect(end.contains("\"rowCount\":6") && end.contains("\"datasetVersion\":"), "\(end)")
      #expect(events.first?.contains("rowCount") == false)
      try here.write("events", events.joined(separator: "\n"))
      if let python = Places.judgesPython {
        let judged = try Program.run(
          [python, Places.project + "/Tests/Fixtures/lineage_judge.py", here.folder + "/events"])
        #expect(judged.status == 0, "\(judged.output)")
      }
    }
  }

  @Test(arguments: ["json", "protobuf"])
  func `Nothing that a tenant typed, no secret and no address is in anything that leaves`(
    encoding: String
  ) throws {
    // Each word is somewhere it could leak from.
    let canaries = [
      "Canary-Name", "canary-login", "canary-language", "canary@example.org", "canary-secret",
      "canary-typed", "canary-tenant",
    ]
    try Installation.with { here in
      try here.addTenant("canary-tenant")
      try here.addTenant("acme")
      try here.platform.connect().execute(
        """
        UPDATE app."user" SET username = 'canary-login', firstname = 'Canary-Name',
          lastname = 'Canary-Name', email = 'canary@example.org' WHERE username = 'u1';
        UPDATE app."user" u SET username = 'canary-typed' FROM app.tenant t
        WHERE t.id = u.tenantid AND t.slug = 'acme' AND u.username = 'u2';
        UPDATE app.tenant SET name = 'Canary-Name';
        """)
      // A query that fails with a row's own words in the database's message.
      try here.write(
        "pipelines/rows/people.sql",
        """
        SELECT p.tenant_id, u.username,
          CASE WHEN u.username = 'canary-typed' THEN u.username::integer ELSE 1 END AS one
        FROM partition p JOIN "user" u ON u.tenantid = p.tenant_id AND u.created < p.cutoff_at
        """)
      let server = try FaultyServer("web_server.py")
      try here.write("seen/none", "")
      try here.write("yearbook.yaml", Self.configuration(port: server.port, encoding: encoding))
      let (_, output) = try here.yearbook(
        ["run", "nightly", "--log-level", "debug", "--log-format", "json"],
        environment: ["SEEN_SECRET=canary-secret"])
      #expect(output.contains("\"message\":\"published\""), "\(output)")
      try here.record.connect().execute(
        "INSERT INTO yearbook.reports (tenant_id, report_type, period)"
          + " SELECT tenant_id, 'CANARY-NAME', '2025' FROM yearbook.partition LIMIT 1")
      #expect(
        try here.yearbook(["metrics", "--send"], environment: ["SEEN_SECRET=canary-secret"]).status
          == 0)
      let logged = server.log.map { line in
        // The secret is in the header that it is for.
        line.replacing("\"authorization\": \"canary-secret\"", with: "")
      }
      #expect(logged.count >= 5)
      var left =
        logged.joined() + (try Installation.text("yearbook.prom", in: here.folder + "/seen"))
      left = left.lowercased()
      for word in canaries + ["canary-name", here.platform.conninfo, here.record.conninfo] {
        #expect(!left.contains(word.lowercased()), "\(word) left the process")
      }
      // Log lines name tenants by their slugs, as all logs do, and nothing else.
      let lines = output.lowercased().replacing("canary-tenant", with: "")
      for word in canaries + [here.platform.conninfo, here.record.conninfo] {
        #expect(!lines.contains(word.lowercased()), "\(word) is in a log line")
      }
    }
  }

  /// How an endpoint can misbehave, as Tests/Fixtures/web_server.py is told.
  private static let faults = [
    "hang 9", "status 9 500", "status 9 307 Location: http://127.0.0.1:1/", "cut 9", "reset 9",
    "early 9", "big 9 1048576", "half 9",
  ]

  @Test(arguments: faults + ["refused", "deaf", "silent"])
  func `An endpoint that misbehaves costs a warning and never a run`(fault: String) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write("seen/none", "")
      let server = try FaultyServer("web_server.py")
      var port = server.port
      var sockets: [Int32] = []
      switch fault {
      case "refused": port = 1
      case "deaf": (sockets, port) = try ReplyingServer.deaf()
      case "silent":
        let silent = try ReplyingServer.silent()
        (sockets, port) = ([silent.listener], silent.port)
      default: server.misbehave(fault)
      }
      defer { for socket in sockets { close(socket) } }
      let before = Date()
      let quiet = try here.yearbook(["run", "nightly", "--period", "2025", "--force"])
      let payload = try here.payload()
      let usual = Date().timeIntervalSince(before)
      try here.write("yearbook.yaml", Self.configuration(port: port))
      let since = Date()
      let (status, output) = try here.yearbook(
        ["run", "nightly", "--period", "2025", "--force"],
        environment: ["SEEN_SECRET=canary-secret"])
      let seconds = Date().timeIntervalSince(since)
      #expect(quiet.status == 0 && status == 0, "\(output)")
      // Everything was made again, and came out the same.
      #expect(output.contains("1 unchanged"), "\(output)")
      #expect(try !payload.isEmpty && here.payload() == payload)
      #expect(seconds < usual + 5 + 2, "\(seconds) s, and \(usual) s without")
      #expect(output.contains("telemetry.otlp did not take what it was sent"), "\(output)")
      #expect(output.contains("telemetry.lineage did not take what it was sent"), "\(output)")
      #expect(output.contains("telemetry.push did not take what it was sent"), "\(output)")
      #expect(!output.contains("canary") && !output.contains("127.0.0.1"), "\(output)")
      #expect(
        try Installation.text("yearbook.prom", in: here.folder + "/seen")
          .contains("yearbook_build_info"))
    }
  }

  @Test func `A folder that is missing, and a secret that is not set, are warnings`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write("yearbook.yaml", Self.configuration(port: 9))
      let (status, output) = try here.yearbook(["run", "nightly"])
      #expect(status == 0, "\(output)")
      #expect(output.contains("telemetry.file was not sent: "), "\(output)")
      #expect(output.contains("telemetry.otlp was not sent: "), "\(output)")
    }
  }

  @Test func `Addresses with secrets or without encryption are refused with their line`() throws {
    try Installation.with { here in
      for (lines, fault) in [
        ("otlp: http://collector:4318", "would be sent without encryption"),
        ("otlp: https://user:canary@collector", "expected an address such as"),
        ("push: {url: 'https://gateway', headers: {Authorization: canary}}", "does not belong in"),
        ("otlp: {url: 'https://collector', encoding: xml}", "expected"),
        ("tenants: all", "expected"),
      ] {
        try here.write("yearbook.yaml", "telemetry:\n  \(lines)\n")
        let (status, output) = try here.yearbook(["metrics"])
        #expect(status == 78, "\(lines): \(output)")
        #expect(output.contains("yearbook.yaml:2:") && output.contains(fault), "\(output)")
        #expect(!output.contains("canary"), "\(output)")
      }
    }
  }
}
