import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// A web service that is down for a while.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(
    if: FaultyServer.missing == nil, "aiosmtpd is not installed: scripts/install-judges"))
struct DeliverOutageTests {
  /// A minute without the service in ten minutes, instead of some seconds.
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  @Test
  func
    `An outage is one incident with at most one try a step; then all is delivered, in each recipient's order`()
    throws
  {
    try Installation.with { here in
      let (people, down) = Self.isFull ? (5_400, 60) : (40, 6)
      try here.addTenant("acme", people: people)
      var server: FaultyServer? = try FaultyServer("rate_server.py", ["0", "1"])
      let port = try #require(server?.port)
      try here.useService(
        #require(server), more: ", rate: 20/s, breaker: {failures: 3, first: 2s, most: 10s}")
      #expect(try here.runRows().status == 0)
      #expect(try here.runRows(["--period", "2025-11"]).status == 0)
      let all = people * 2
      let sender = try here.start(["deliver", "--config", "\(here.folder)/yearbook.yaml"])
      defer { sender.send(SIGKILL) }
      #expect(try eventually { try (here.outbox()["sent"] ?? 0) > 5 })
      let before = try #require(server?.log.count)
      server = nil
      let began = Date()
      #expect(try eventually { try here.incidents() == [1, 1] })
      usleep(UInt32(max(0, Double(down) - Date().timeIntervalSince(began)) * 1e6))
      let sent = try here.outbox()["sent"] ?? 0
      let seconds = Date().timeIntervalSince(began)
      let tries = try here.record.connect().query(
        "SELECT sum(attempts) AS tries FROM yearbook.outbox WHERE channel = 'mail'"
      ).only().int("tries")
      // Each pause is at least half of its bound: 1 s, 2 s, 4 s, 5 s, 5 s …
      var (steps, step, reached) = (1, 1.0, 1.0)
      while reached < seconds {
        steps += 1
        step = min(step * 2, 5)
        reached += step
      }
      // Three that open the breaker, and one that was under way in the other thread.
      #expect(tries - sent <= 4 + steps, "\(tries - sent) in \(seconds) s")
      #expect(tries > sent)

      server = try FaultyServer("rate_server.py", ["0", "1", String(port)])
      #expect(
        try eventually(within: Self.isFull ? 1_200 : 60) {
          try here.letNightPass()
          return try here.outbox() == ["sent": all]
        })
      #expect(try here.incidents() == [1, 0])
      #expect(sender.output.components(separatedBy: "incident mail,").count == 2)
      #expect(sender.output.components(separatedBy: "recovered mail,").count == 2)
      let overtaken = try here.record.connect().query(
        "SELECT FROM yearbook.outbox a JOIN yearbook.outbox b USING (recipient, channel)"
          + " WHERE a.id < b.id AND a.ended > b.ended")
      #expect(overtaken.isEmpty)
      // One effect each: what the first server had is not called out again by the second one.
      let after = try #require(server?.log.count)
      #expect(before + after >= all && before + after <= all + 3, "\(before) and \(after)")
      if Self.isFull {
        let whole = Int(Date().timeIntervalSince(began))
        print(
          "outage: \(seconds) s, \(tries - sent) tries in vain, \(steps) steps; all delivered"
            + " \(whole) s after it began")
      }
    }
  }
}

extension Installation {
  /// How many incidents there were, and how many are not over.
  fileprivate func incidents() throws -> [Int] {
    let row = try record.connect().query(
      "SELECT count(*) AS n, count(*) FILTER (WHERE closed IS NULL) AS open FROM yearbook.incidents"
    ).only()
    return [try row.int("n"), try row.int("open")]
  }
}
