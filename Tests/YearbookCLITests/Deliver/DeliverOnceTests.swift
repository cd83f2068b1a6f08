import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Real servers that drop connections and refuse at random, and senders that are killed.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: FaultyServer.missing == nil, "aiosmtpd is not installed: scripts/install-judges"),
  .serialized)
struct DeliverOnceTests {
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  /// One entry of the server's log.
  private struct Request: Decodable {
    var status: Int
    var effect: Bool
    var headers: [String: String]
    var body: String
  }

  private func requests(_ server: FaultyServer) throws -> [Request] {
    try server.log.map { try JSONDecoder().decode(Request.self, from: Data($0.utf8)) }
  }

  private func useServer(_ here: Installation, _ server: FaultyServer, more: String = "") throws {
    try here.useDelivery()
    try here.write(
      "yearbook.yaml",
      """
      channels:
        mail: {kind: http, url: 'http://127.0.0.1:\(server.port)/contacts', plain_http: true,
          private_hosts: [127.0.0.1], timeout: 2s, breaker: {failures: 1000, first: 1s}\(more)}
      """)
    try FileManager.default.removeItem(atPath: "\(here.folder)/templates/mail/news.txt")
    try here.write(
      "templates/mail/news.json", "{\"email\": \"{{address}}\", \"people\": \"{{figures.people}}\"}"
    )
  }

  @Test func `A server that drops connections at every step gets every call, and one effect a key`()
    throws
  {
    try Installation.with { here in
      let people = Self.isFull ? 2_500 : 40
      for slug in ["acme", "globex", "initech", "umbrella"] {
        try here.addTenant(slug, people: people)
      }
      let server = try FaultyServer("web_server.py")
      try useServer(here, server)
      #expect(try here.runRows().status == 0)
      let all = people * 4
      let rules = [
        "cut 2", "reset 2", "early 2", "half 2", "status 2 500", "status 2 429 Retry-After: 1",
      ]
      var kills = 0
      var round = 0
      let record = try here.record.connect()
      while try here.outbox()["sent"] != all, round < (Self.isFull ? 600 : 40) {
        server.misbehave(rules[round % rules.count])
        round += 1
        let sender = try here.start(
          ["deliver", "--quiet", "--jobs", "4", "--config", "\(here.folder)/yearbook.yaml"])
        usleep(UInt32.random(in: 300_000...1_200_000))
        sender.send(SIGKILL)
        kills += try sender.wait().status == 128 + SIGKILL ? 1 : 0
        // A night passes.
        try record.execute(
          "UPDATE yearbook.outbox SET not_before = now() WHERE state IN ('retryable', 'uncertain')")
      }
      server.misbehave(nil)
      #expect(
        try eventually(within: 60) {
          try record.execute(
            "UPDATE yearbook.outbox SET not_before = now() WHERE state IN ('retryable', 'uncertain')"
          )
          _ = try here.deliver(["--once", "--quiet"])
          return try here.outbox() == ["sent": all]
        })
      #expect(kills > 3)
      let requests = try requests(server)
      let taken = requests.filter(\.effect)
      #expect(taken.count == all)
      #expect(Set(taken.compactMap { $0.headers["idempotency-key"] }).count == all)
      #expect(Set(taken.map(\.body)).count == all)
      // A key always says the same.
      let bodies = Dictionary(grouping: requests) { $0.headers["idempotency-key"] }
      #expect(bodies.values.allSatisfy { Set($0.map(\.body)).count == 1 })
      // What came twice had been taken before its answer was lost, or its sender killed.
      let doubts = try record.query(
        "SELECT coalesce(sum(doubts), 0) AS doubts FROM yearbook.outbox"
      ).only().int("doubts")
      let repeated = requests.filter { $0.status < 300 }.count - all
      #expect(repeated <= doubts, "\(repeated) repeated, \(doubts) in doubt")
    }
  }

  @Test func `A wrong address of the service is said once, not for every message`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 30)
      let server = try FaultyServer("web_server.py")
      try useServer(here, server)
      let text = try Installation.text("yearbook.yaml", in: here.folder)
      // Nothing listens there.
      try here.write(
        "yearbook.yaml",
        text.replacing(":\(server.port)/", with: ":1/").replacing(
          "failures: 1000", with: "failures: 3"))
      #expect(try here.runRows().status == 0)
      let failed = try here.deliver()
      #expect(failed.status == 1, "\(failed.output)")
      #expect(
        failed.output.components(separatedBy: "incident mail,").count == 2, "\(failed.output)")
      #expect(failed.output.split(separator: "\n").count < 12, "\(failed.output)")
    }
  }

  @Test(arguments: [false, true])
  func `A wrong password or an expired certificate is said once, and no message is lost`(
    isExpired: Bool
  ) throws {
    let certificate = try TestCertificate(isExpired: isExpired)
    let server = try FaultyServer(
      "mail_server.py", ["starttls", certificate.file, certificate.key, "login"])
    try Installation.with { here in
      try here.addTenant("acme", people: 200)
      try here.useDelivery()
      func use(_ password: String) throws {
        try here.write("password", password)
        try here.write(
          "yearbook.yaml",
          """
          channels:
            mail: {kind: mail, server: 'localhost:\(server.port)', from: reports@example.com,
              private_hosts: [localhost], authorities: \(certificate.file),
              login: {user: ana, password: {file: password}}, breaker: {first: 5s, most: 5s}}
          """)
      }
      try use(isExpired ? "secret" : "wrong-secret")
      #expect(try here.runRows().status == 0)
      let failed = try here.deliver()
      #expect(failed.status == 1, "\(failed.output)")
      let problem =
        isExpired
        ? "the certificate of localhost:\(server.port) is not trusted: expired"
        : "localhost:\(server.port) refuses the login (535"
      #expect(failed.output.components(separatedBy: problem).count == 2, "\(failed.output)")
      #expect(!failed.output.contains("secret"))
      #expect(server.log.filter { $0.hasSuffix("login") }.count <= (isExpired ? 0 : 4))
      // Those that were tried wait to be tried again, the others for their first try.
      let states = try here.outbox()
      #expect(Set(states.keys).isSubset(of: ["pending", "retryable"]), "\(states)")
      #expect(states.values.reduce(0, +) == 200)
      #expect(try here.deliver(["dead"]).output.contains("no message is dead"))
      if isExpired { return }
      try use("secret")
      #expect(
        try eventually(within: 60) {
          try here.record.connect().execute(
            "UPDATE yearbook.outbox SET not_before = now() WHERE state IN ('pending', 'retryable')")
          _ = try here.deliver(["--once", "--quiet"])
          return try here.outbox() == ["sent": 200]
        })
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: "\(server.path)/mail")
          .filter { $0.hasSuffix(".eml") }.count == 200)
    }
  }

  @Test func `A dead destination does not hold up another channel`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 20)
      let server = try FaultyServer("web_server.py")
      try useServer(here, server)
      server.misbehave("hang 100000")
      let text = try Installation.text("yearbook.yaml", in: here.folder)
      try here.write(
        "yearbook.yaml",
        text + "\n  folder: {kind: file, folder: mail, from: reports@example.com}\n")
      var pipeline = try Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
      pipeline +=
        "\n  other: {to: recipients, order: [address, user], channel: folder, template: other}\n"
      try here.write("pipelines/rows/pipeline.yaml", pipeline)
      try here.write("templates/mail/other.txt", "Subject: Other\n\nWords\n")
      #expect(try here.runRows().status == 0)
      let sender = try here.start(["deliver", "--config", "\(here.folder)/yearbook.yaml"])
      let began = Date()
      #expect(try eventually { try here.mailboxes().count == 20 })
      #expect(Date().timeIntervalSince(began) < 10)
      sender.send(SIGKILL)
      try sender.wait()
    }
  }
}
