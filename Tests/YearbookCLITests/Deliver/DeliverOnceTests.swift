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
  private static let patience = ", timeout: 2s, breaker: {failures: 1000, first: 1s}"

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

  @Test func `A server that drops connections at every step gets every call, and one effect a key`()
    throws
  {
    try Installation.with { here in
      let people = Self.isFull ? 2_500 : 40
      for slug in ["acme", "globex", "initech", "umbrella"] {
        try here.addTenant(slug, people: people)
      }
      let server = try FaultyServer("web_server.py")
      try here.useService(server, more: Self.patience)
      #expect(try here.runRows().status == 0)
      let all = people * 4
      let rules = [
        "cut 2", "reset 2", "early 2", "half 2", "status 2 500", "status 2 429 Retry-After: 1",
      ]
      var kills = 0
      var round = 0
      while try here.outbox()["sent"] != all, round < (Self.isFull ? 600 : 40) {
        server.misbehave(rules[round % rules.count])
        round += 1
        let sender = try here.start(
          ["deliver", "--quiet", "--jobs", "4", "--config", "\(here.folder)/yearbook.yaml"])
        awaitTalk(with: server, most: all / (Self.isFull ? 100 : 10), each: 400)
        sender.send(SIGKILL)
        kills += try sender.wait().status == 128 + SIGKILL ? 1 : 0
        try here.letNightPass()
      }
      server.misbehave(nil)
      #expect(
        try eventually(within: 60) {
          try here.letNightPass()
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
      let doubts = try here.doubts()
      let extra = Dictionary(grouping: requests.filter { $0.status < 300 }) {
        $0.headers["idempotency-key"] ?? ""
      }.mapValues { $0.count - 1 }
      #expect(extra.allSatisfy { $0.value <= doubts[$0.key] ?? 0 })
      if Self.isFull {
        print(
          "web: \(all) messages, \(round) rounds, \(kills) kills, \(requests.count) requests,"
            + " \(extra.values.reduce(0, +)) came twice,"
            + " \(doubts.values.reduce(0, +)) in doubt")
      }
    }
  }

  @Test func `A wrong address of the service is said once, not for every message`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 30)
      let server = try FaultyServer("web_server.py")
      try here.useService(server, more: Self.patience)
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

  /// What can go wrong between the first byte of a talk and its last: `STEP ACT COUNT`.
  private static let breaks = [
    "greeting drop 2", "greeting reply 2 421 4.3.2 busy", "hello drop 2", "sender drop 2",
    "sender lose 2", "recipient drop 2", "recipient lose 2", "recipient reply 2 450 4.2.1 busy",
    "data drop 2", "body drop 2", "end drop 2", "end lose 3", "end reply 2 452 4.3.1 full",
  ]

  @Test
  func
    `A mail server that breaks off at every step gets every mail; what comes twice is one mail in doubt`()
    throws
  {
    try Installation.with { here in
      let (people, wanted) = Self.isFull ? (2_500, 200) : (25, 6)
      for slug in ["acme", "globex", "initech", "umbrella"] {
        try here.addTenant(slug, people: people)
      }
      let all = people * 4
      let server = try FaultyServer("mail_server.py")
      try here.useDelivery()
      // So fast that the last kill comes before the last mail.
      try here.write(
        "yearbook.yaml",
        """
        channels:
          mail: {kind: mail, server: 'localhost:\(server.port)', tls: none, private_hosts: [localhost],
            from: reports@example.com, timeout: 5s, rate: \(Self.isFull ? 60 : 30)/s,
            breaker: {failures: 1000, first: 1s}}
        """)
      #expect(try here.runRows().status == 0)
      var kills = 0
      while kills < wanted, try here.outbox()["sent"] != all {
        server.misbehave(Self.breaks[kills % Self.breaks.count])
        let sender = try here.start(
          ["deliver", "--quiet", "--jobs", "4", "--config", "\(here.folder)/yearbook.yaml"])
        awaitTalk(with: server, most: all / wanted, each: 40)
        sender.send(SIGKILL)
        kills += try sender.wait().status == 128 + SIGKILL ? 1 : 0
        try here.letNightPass()
      }
      server.misbehave(nil)
      #expect(
        try eventually(within: Self.isFull ? 600 : 60) {
          try here.letNightPass()
          _ = try here.deliver(["--once", "--quiet"])
          return try here.outbox() == ["sent": all]
        })
      #expect(kills == wanted)
      let mails = try mails(server)
      #expect(mails.count == all, "\(mails.count) keys")
      let doubts = try here.doubts()
      var extra = 0
      for (key, copies) in mails {
        // The same bytes, and no more of them than there were doubts.
        #expect(Set(copies).count == 1)
        let known = doubts.first { $0.key.hasPrefix(key) }?.value ?? 0
        #expect(copies.count - 1 <= known, "\(key): \(copies.count) for \(known) doubts")
        extra += copies.count - 1
      }
      if Self.isFull {
        print(
          "mail: \(all) messages, \(kills) kills, \(extra) came twice,"
            + " \(doubts.values.reduce(0, +)) in doubt")
      }
    }
  }

  /// Waits until a sender has talked to a server for a while, in which some messages leave: how fast
  /// that is depends on the machine. Or until nothing is heard of it for so long that it waits.
  ///
  /// - Parameters:
  ///   - most: the most messages, roughly.
  ///   - each: how many bytes a message adds to the server's log.
  private func awaitTalk(with server: FaultyServer, most: Int, each: Int) {
    func bytes() -> Int {
      var status = stat()
      return stat("\(server.path)/log", &status) == 0 ? Int(status.st_size) : 0
    }
    let (before, wanted) = (bytes(), Int.random(in: 1...max(2, most)))
    _ = eventually(within: 10) { bytes() > before }
    let start = bytes()
    _ = eventually(within: 10) { bytes() >= start + wanted * each }
  }

  /// The mails that a server took, by the part of the key in their `Message-ID`.
  private func mails(_ server: FaultyServer) throws -> [String: [Data]] {
    var found: [String: [Data]] = [:]
    let folder = server.path + "/mail"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder)
    where name.hasSuffix(".eml") {
      let mail = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))
      let text = String(decoding: mail, as: UTF8.self)
      let start = try #require(text.range(of: "Message-ID: <")).upperBound
      found[String(text[start...].prefix(32)), default: []].append(mail)
    }
    return found
  }
}
