import Basics
import Delivery
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Engine

/// Who takes which messages out of the outbox, and what becomes of those of dead workers.
struct OutboxTakingTests {
  private let scene: OutboxScene

  init() throws { scene = try OutboxScene() }

  @Test func `A worker that died leaves what it had not begun as it was, and one message in doubt`()
    throws
  {
    try scene.queue(4)
    var dead: OutboxScene.Worker? = try scene.worker()
    let messages = try #require(try dead?.take())
    #expect(messages.count == 4)
    #expect(try dead?.begin(messages[0]) == true)
    // One that was sent, with the next begun in the same transaction.
    let key = try #require(dead?.key)
    let passage = try #require(
      try dead?.record.pass(
        (messages[0], "250"), then: messages[1], to: OutboxScene.destination, worker: key))
    #expect(passage.hasBegun && passage.state == "sent" && !passage.isFailing)

    let worker = try scene.worker()
    try worker.record.freeAbandonedMessages(worker.key)
    #expect(try scene.states() == ["sent": 1, "sending": 3], "it lives")
    dead = nil
    #expect(
      try eventually {
        try worker.record.freeAbandonedMessages(worker.key)
        return try scene.states() == ["sent": 1, "uncertain": 1, "pending": 2]
      })
    let again = try worker.take()
    #expect(Set(again.map(\.id)) == Set(messages.dropFirst().map(\.id)))
    #expect(again.map(\.attempts).sorted() == [0, 0, 1])
  }

  @Test func `A worker that was away for longer than its lease begins and records nothing`() throws
  {
    try scene.queue(2)
    let (late, other) = (try scene.worker(), try scene.worker())
    let messages = try late.take()
    #expect(try late.begin(messages[0]))
    try scene.record.connection.execute("UPDATE yearbook.outbox SET lease = now() - interval '1 s'")
    try other.record.freeAbandonedMessages(other.key)
    #expect(try other.take().count == 2)
    let passage = try late.record.pass(
      (messages[0], "250"), then: messages[1], to: OutboxScene.destination, worker: late.key)
    #expect(!passage.hasBegun && passage.state == nil)
    #expect(try late.end(messages[1], .dead("550")) == "lost")
    #expect(try scene.states() == ["sending": 2])
  }

  @Test
  func `Workers at the same time never have the same message, and a recipient's wait in order`()
    throws
  {
    try scene.queue(200)
    try scene.queue(200, period: "2026")
    let workers = try (0..<4).map { _ in try scene.worker() }
    var taken: [Int] = []
    for round in 0..<20 {
      let worker = workers[round % 4]
      let messages = try worker.take(16)
      taken += messages.map(\.id)
      // The second year's message of a person waits for the first year's.
      #expect(messages.allSatisfy { $0.period == "2025" })
    }
    #expect(taken.count == 200 && Set(taken).count == 200)
    #expect(try workers[0].take().isEmpty)
  }

  @Test func `Each tenant gets a share of a batch, wherever its id stands`() throws {
    for tenant in 1...12 { try scene.queue(tenant == 1 ? 100 : 1, tenant: tenant) }
    let worker = try scene.worker()
    let messages = try worker.take(64, share: 4)
    #expect(messages.count == 15)
    #expect(Set(messages.map(\.slug)).count == 12)
    for message in messages { try worker.end(message, .sent("250")) }
    #expect(try worker.take(64, share: 64).count == 64)
  }

  @Test
  func `Outside its hours a message is put to their beginning, and nobody looks at it until then`()
    throws
  {
    // Two zones half a day apart: it is never night in both.
    for (zone, text) in [("Pacific/Auckland", "00:00-12:00"), ("UTC", "00:00-12:00")] {
      let scene = try OutboxScene()
      let hours = try #require(HoursOfDay(text))
      try scene.queue(3, zone: zone, hours: hours)
      let worker = try scene.worker()
      let isOpen = try scene.record.connection.query(
        "SELECT (now() AT TIME ZONE $1)::time < '12:00' AS is_open", [zone]
      ).only().bool("is_open")
      let taken = try worker.take()
      #expect(taken.count == (isOpen ? 3 : 0))
      if isOpen { continue }
      try worker.record.postponeToHours(channel: OutboxScene.channel)
      let row = try scene.record.connection.query(
        """
        SELECT min((not_before AT TIME ZONE $1)::time::text) AS first, max((not_before AT TIME ZONE $1)::time::text) AS last,
          bool_and(not_before > now() AND not_before <= now() + interval '13 hours') AS is_next
        FROM yearbook.outbox
        """, [zone]
      ).only()
      // A change to or from summer time can lie between.
      #expect(["23:00:00", "00:00:00", "01:00:00"].contains(try row.string("first")))
      #expect(try row.string("first") == row.string("last"))
      #expect(try row.bool("is_next"))
      let next = try worker.record.secondsToNextMessage(
        channel: OutboxScene.channel, destination: nil, pace: nil)
      #expect(try #require(next) > 0)
    }
  }

  @Test func `States and incidents are counted without reading what was sent`() throws {
    try scene.queue(3)
    let worker = try scene.worker()
    let messages = try worker.take(2)
    try worker.end(messages[0], .sent("250"))
    try worker.end(messages[1], .dead("550"))
    let rows = try scene.record.connection.query(
      "SELECT channel, state, messages FROM yearbook.outbox_states ORDER BY state")
    var counts: [String: Int] = [:]
    for row in rows { counts[try row.string("state")] = try row.int("messages") }
    #expect(counts == ["dead": 1, "pending": 1])
    let day = try scene.record.connection.query(
      "SELECT state, messages FROM yearbook.outbox_day WHERE state = 'sent'"
    ).only()
    #expect(try day.int("messages") == 1)
    // With many rows, none of the parts reads the table.
    try scene.record.connection.execute(
      """
      INSERT INTO yearbook.outbox (key, said, telling, tenant_id, channel, state, ended)
      SELECT sha256(n::text::bytea), sha256(n::text::bytea), 1, gen_random_uuid(), 'mail', 'sent', now()
      FROM generate_series(1, 20000) n;
      ANALYZE yearbook.outbox
      """)
    let plan = try scene.record.connection.query(
      "EXPLAIN SELECT * FROM yearbook.outbox_states"
    ).map { row throws in try row.string("QUERY PLAN") }.joined(separator: "\n")
    #expect(!plan.contains("Seq Scan"), "\(plan)")
  }
}
