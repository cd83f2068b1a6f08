import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Senders that die, destinations that take nothing, and what is said of them.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"), .serialized)
struct DeliverFailureTests {
  /// Ten thousand messages and two hundred kills.
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  @Test func `Senders killed again and again deliver every message, each once`() throws {
    try Installation.with { here in
      let people = Self.isFull ? 2_500 : 60
      for slug in ["acme", "globex", "initech", "umbrella"] {
        try here.addTenant(slug, people: people)
      }
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      let all = people * 4
      #expect(try here.outbox() == ["pending": all])
      var kills = 0
      while kills < (Self.isFull ? 200 : 8) {
        let senders = try (0..<2).map { _ in
          try here.start(["deliver", "--quiet", "--config", "\(here.folder)/yearbook.yaml"])
        }
        usleep(UInt32.random(in: 100_000...900_000))
        for sender in senders {
          sender.send(SIGKILL)
          kills += try sender.wait().status == 128 + SIGKILL ? 1 : 0
        }
        if kills > 2, try here.outbox()["sent"] == all { break }
      }
      // What a killed sender had in its hands is free with its session.
      let last = try here.deliver()
      #expect(last.status == 0, "\(last.output)")
      #expect(
        try eventually {
          try here.outbox()["sent"] == all || here.deliver().status != 0
        })
      let boxes = try here.mailboxes()
      #expect(boxes.count == all)
      #expect(boxes.allSatisfy { $0.value.count == 1 })
      #expect(try here.outbox() == ["sent": all])
    }
  }

  @Test
  func
    `A destination that takes nothing is one incident, and all is delivered in order in the end`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme", people: 30)
      try here.useDelivery(channel: ", breaker: {first: 1s, failures: 3}")
      #expect(try here.runRows().status == 0)
      #expect(
        try here.yearbook([
          "run", "rows", "--period", "2025-11", "--config", "\(here.folder)/yearbook.yaml",
        ]).status == 0)
      // A file where the folder should be.
      try here.write("mail", "")
      let failed = try here.deliver()
      #expect(failed.status == 1, "\(failed.output)")
      let said = failed.output.components(separatedBy: "incident mail,").count - 1
      #expect(said == 1, "\(failed.output)")
      let record = try here.record.connect()
      #expect(try record.query("SELECT FROM yearbook.incident").count == 1)
      let status = try here.yearbook(["status", "--config", "\(here.folder)/yearbook.yaml"])
      #expect(status.output.contains("incident: mail, "), "\(status.output)")
      #expect(try here.deliver(["status"]).status == 1)
      // One message to the operator, not one for each failure.
      let told = try record.query(
        "SELECT FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling"
          + " WHERE y.message = 'incident'")
      #expect(told.count == 1)

      try FileManager.default.removeItem(atPath: "\(here.folder)/mail")
      #expect(
        try eventually(within: 60) {
          _ = try here.deliver(["--once", "--quiet"])
          return try here.outbox() == ["sent": 60]
        })
      let overtaken = try record.query(
        "SELECT FROM yearbook.outbox a JOIN yearbook.outbox b USING (recipient, channel)"
          + " WHERE a.id < b.id AND a.ended > b.ended")
      #expect(overtaken.isEmpty)
      #expect(try record.query("SELECT FROM yearbook.incident WHERE closed IS NULL").isEmpty)
      #expect(try here.deliver(["status"]).status == 0)
      #expect(try here.mailboxes()["operator@example.com"]?.count == 1)
    }
  }

  @Test func `While its breaker is open a destination gets one message a step`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 40)
      try here.useDelivery(channel: ", breaker: {first: 2s, failures: 3}")
      #expect(try here.runRows().status == 0)
      try here.write("mail", "")
      let sender = try here.start(["deliver", "--config", "\(here.folder)/yearbook.yaml"])
      sleep(9)
      sender.send(SIGTERM)
      _ = try sender.wait()
      // Until it opens, both threads can be at it; then 1 to 2 s, 2 to 4 s, 4 to 8 s.
      let tries = try here.record.connect().query(
        "SELECT sum(attempts) AS tries FROM yearbook.outbox"
      ).only().int("tries")
      #expect((1...10).contains(tries), "\(tries) tries")
    }
  }

  @Test func `A message that nobody takes for days is dead, is listed and sent by one command`()
    throws
  {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery(channel: ", breaker: {first: 1s, failures: 1000}")
      #expect(try here.runRows().status == 0)
      let record = try here.record.connect()
      try record.execute(
        "UPDATE yearbook.outbox SET state = 'dead', answer = '550 no such user', ended = now()")
      let dead = try here.deliver(["dead"])
      #expect(dead.output.contains("550 no such user"), "\(dead.output)")
      #expect(!dead.output.contains(".example"))
      let key = try record.query(
        "SELECT left(encode(key, 'hex'), 12) AS key FROM yearbook.outbox ORDER BY id LIMIT 1"
      ).only().string("key")
      let shown = try here.deliver(["show", key])
      #expect(shown.output.contains("Subject: Rows 2025 of acme"), "\(shown.output)")
      #expect(try here.deliver(["retry", key]).status == 0)
      #expect(try here.outbox() == ["dead": 2, "retryable": 1])
      #expect(try here.deliver(["retry", "--all"]).output.contains("2 messages"))
      #expect(try here.deliver(["--once", "--dry-run"]).output.contains("3 messages wait"))
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 3])
    }
  }

  @Test func `A suppressed address gets nothing, and what is dropped is not queued again`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver(["suppress", "U1@acme.example", "--reason", "bounced"]).status == 0)
      // The platform writes for itself.
      try here.record.connect().execute("SELECT yearbook.suppress(' U2@ACME.example ')")
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["sent": 1, "suppressed": 2])
      #expect(try here.mailboxes().keys.sorted() == ["u3@acme.example"])

      try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || 'x'")
      #expect(try here.runRows().status == 0)
      #expect(try here.deliver(["drop", "--all"]).status == 0)
      #expect(try here.runRows(["--reread"]).status == 0)
      #expect(try here.outbox() == ["sent": 1, "suppressed": 5])
    }
  }

  @Test func `A withdrawn report is not announced any more`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      let withdrawn = try here.yearbook([
        "withdraw", "--tenant", "acme", "--pipeline", "rows", "--period", "2025", "--yes",
        "--config", "\(here.folder)/yearbook.yaml",
      ])
      #expect(withdrawn.status == 0, "\(withdrawn.output)")
      #expect(try here.deliver().status == 0)
      #expect(try here.outbox() == ["suppressed": 3])
    }
  }

  @Test func `A tenant's thousand messages do not hold up another's one`() throws {
    try Installation.with { here in
      try here.addTenant("big", people: 400)
      try here.addTenant("small", people: 1)
      try here.useDelivery()
      #expect(try here.runRows().status == 0)
      let sender = try here.start(
        ["deliver", "--once", "--jobs", "1", "--quiet", "--config", "\(here.folder)/yearbook.yaml"])
      #expect(try sender.wait().status == 0)
      let place = try here.record.connect().query(
        """
        SELECT place FROM (SELECT y.slug, row_number() OVER (ORDER BY o.ended) AS place
          FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
          WHERE y.pipeline <> 'operator') q WHERE slug = 'small'
        """
      ).only().int("place")
      #expect(place <= 40, "it was the \(place)th")
    }
  }

  @Test func `Several senders together keep a destination's pace`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 120)
      try here.useDelivery()
      try here.write(
        "yearbook.yaml",
        "channels: {mail: {kind: file, folder: mail, from: reports@example.com, rate: 20/s}}\n")
      #expect(try here.runRows().status == 0)
      let senders = try (0..<3).map { _ in
        try here.start(["deliver", "--once", "--quiet", "--config", "\(here.folder)/yearbook.yaml"])
      }
      for sender in senders { #expect(try sender.wait().status == 0, "\(sender.output)") }
      let most = try here.record.connect().query(
        """
        SELECT max(n) AS most FROM (SELECT count(*) OVER (ORDER BY ended RANGE BETWEEN
          interval '0.99 second' PRECEDING AND CURRENT ROW) AS n FROM yearbook.outbox) q
        """
      ).only().int("most")
      #expect((10...24).contains(most), "\(most) in a second")
      #expect(try here.outbox() == ["sent": 120])
    }
  }
}
