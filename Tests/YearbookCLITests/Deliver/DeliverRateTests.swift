import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// A web service that takes fewer than 100 calls a second, and senders that are killed.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: FaultyServer.missing == nil, "aiosmtpd is not installed: scripts/install-judges"),
  .serialized)
struct DeliverRateTests {
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  /// A call as the server saw it.
  private struct Call {
    var at: Double
    var status: Int
    var key: String

    init(_ line: String) throws {
      let words = line.split(separator: " ").map(String.init)
      at = try #require(Double(words[0]))
      status = try #require(Int(words[1]))
      key = words[2]
    }
  }

  /// The most calls in any second.
  private func most(_ calls: [Call]) -> Int {
    let times = calls.map(\.at).sorted()
    var (most, first) = (0, 0)
    for (last, time) in times.enumerated() {
      while time - times[first] >= 1 { first += 1 }
      most = max(most, last - first + 1)
    }
    return most
  }

  @Test
  func
    `Workers that are killed and a service that fails: never above the rate, one effect a key, dead ones sent by one command`()
    throws
  {
    try Installation.with { here in
      let (people, kills, refused) = Self.isFull ? (2_500, 50, 40) : (150, 4, 10)
      for slug in ["acme", "globex", "initech", "umbrella"] {
        try here.addTenant(slug, people: people)
      }
      let all = people * 4
      let server = try FaultyServer("rate_server.py", ["0.05", "20261130"])
      try here.useService(server, more: ", rate: 97/s")
      server.misbehave("refuse \(refused)")
      #expect(try here.runRows().status == 0)
      func sender() throws -> RunningProgram {
        try here.start(["deliver", "--quiet", "--config", "\(here.folder)/yearbook.yaml"])
      }
      var senders = try (0..<4).map { _ in try sender() }
      // Spread over the time that all calls take.
      let between = Double(all) / 97 / Double(kills + 1)
      for number in 0..<kills {
        usleep(UInt32(Double.random(in: 0.5...1.5) * between * 1e6))
        senders[number % 4].send(SIGKILL)
        #expect(try senders[number % 4].wait().status == 128 + SIGKILL)
        senders[number % 4] = try sender()
      }
      let record = try here.record.connect()
      let isDone = try eventually(within: Self.isFull ? 900 : 120) {
        if !Self.isFull {
          // A night passes for those that were put off.
          try record.execute(
            "UPDATE yearbook.outbox SET not_before = now() WHERE state = 'retryable'")
        }
        usleep(200_000)
        let states = try here.outbox()
        return states["sent", default: 0] + states["dead", default: 0] == all
      }
      let states = try here.outbox()
      #expect(isDone, "\(states)")
      // A sender that was killed before it noted a refusal tried again, and was not refused then.
      let answers = Dictionary(grouping: try server.log.map(Call.init), by: \.key)
      let survived = answers.values.count { calls in
        calls.contains { $0.status == 404 } && calls.contains { $0.status == 200 }
      }
      #expect(survived <= kills)
      let dead = refused - survived
      #expect(states["dead"] == dead, "\(states)")
      #expect(try here.deliver(["retry", "--all"]).output.contains("\(dead) messages"))
      #expect(try eventually(within: 120) { try here.outbox() == ["sent": all] })
      for one in senders {
        one.send(SIGTERM)
        try one.wait()
      }

      let calls = try server.log.map(Call.init).sorted { $0.at < $1.at }
      #expect(most(calls) <= 99)
      let taken = calls.filter { $0.status == 200 }
      #expect(Set(taken.map(\.key)).count == all)
      // What came twice had its sender killed in between.
      let doubts = try here.doubts()
      let extra = Dictionary(grouping: taken, by: \.key).mapValues { $0.count - 1 }
      #expect(extra.allSatisfy { $0.value <= doubts[$0.key] ?? 0 })
      let spoiled = calls.filter { $0.status != 200 && $0.status != 404 }.count
      #expect(spoiled > calls.count / 50, "\(spoiled) of \(calls.count)")
      // While there was enough to do: without the last ones, which had been put off.
      let busy = calls.prefix(all * 19 / 20)
      let rate = Double(busy.count - 1) / (try #require(busy.last).at - busy[0].at)
      #expect(rate >= (Self.isFull ? 95 : 60), "\(rate) a second")
      if Self.isFull {
        let again = extra.values.reduce(0, +)
        print(
          "rate: \(calls.count) calls, \(spoiled) spoiled, \(kills) kills, at most \(most(calls)) in a"
            + " second, \(rate) a second, \(again) came twice,"
            + " \(doubts.values.reduce(0, +)) in doubt")
      }
    }
  }

  /// Seconds from a message's queueing to its end, of the channel `folder`: the middle one of many.
  private func delay(_ here: Installation) throws -> Double {
    let text = try here.record.connect().query(
      """
      SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended - queued))::float8 AS middle
      FROM yearbook.outbox WHERE channel = 'folder'
      """
    ).only().string("middle")
    return try #require(Double(text))
  }

  @Test func `A service that hangs delays another channel's messages by less than a second`() throws
  {
    var delays: [Double] = []
    for isDead in [false, true] {
      try Installation.with { here in
        try here.addTenant("acme", people: 30)
        let server = try FaultyServer("web_server.py")
        try here.useService(server, more: ", rate: 97/s")
        if isDead { server.misbehave("hang 100000") }
        try here.write(
          "yearbook.yaml",
          Installation.text("yearbook.yaml", in: here.folder)
            + "\n  folder: {kind: file, folder: mail, from: reports@example.com}\n")
        try here.write(
          "pipelines/rows/pipeline.yaml",
          Installation.text("pipelines/rows/pipeline.yaml", in: here.folder)
            + "\n  other: {to: recipients, order: [address, user], channel: folder, template: other}\n"
        )
        try here.write("templates/mail/other.txt", "Subject: Other\n\nWords\n")
        let sender = try here.start([
          "deliver", "--quiet", "--config", "\(here.folder)/yearbook.yaml",
        ])
        // The service's threads are busy by then.
        #expect(try here.runRows().status == 0)
        #expect(try eventually { try here.mailboxes().count == 30 })
        #expect(try here.runRows(["--period", "2025-11"]).status == 0)
        #expect(try eventually { try here.mailboxes().values.allSatisfy { $0.count == 2 } })
        delays.append(try delay(here))
        if isDead { #expect(try here.outbox()["sent"] == 60) }
        sender.send(SIGKILL)
        try sender.wait()
      }
    }
    #expect(delays[1] - delays[0] < 1, "\(delays) seconds")
  }
}
