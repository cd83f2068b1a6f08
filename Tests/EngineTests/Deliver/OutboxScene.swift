import Basics
import Delivery
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Engine

/// A record with messages in its outbox, and workers that share it.
final class OutboxScene {
  let database: TestDatabase
  let record: RunRecord
  static let channel = "mail"
  static let destination = "mail.example:587"

  init() throws {
    database = try TestDatabase()
    record = try RunRecord(database.conninfo)
  }

  /// A session that takes messages, with the lock that says that it lives.
  final class Worker {
    let record: RunRecord
    let key: AdvisoryKey

    init(_ database: TestDatabase) throws {
      record = try RunRecord(database.conninfo)
      key = AdvisoryKey(["test", "\(UInt64.random(in: 0 ... .max))"])
      #expect(try record.connection.tryLock(key))
    }

    func take(
      _ most: Int = 64, share: Int = 64, to destination: String? = nil, pace: Pace? = nil
    ) throws -> [TakenMessage] {
      try record.takeMessages(
        .init(
          worker: key, channel: OutboxScene.channel, destination: destination, pace: pace,
          most: most, share: share))
    }

    func begin(_ message: TakenMessage) throws -> Bool {
      try record.pass(nil, then: message, to: OutboxScene.destination, worker: key).hasBegun
    }

    @discardableResult
    func end(_ message: TakenMessage, _ end: MessageEnd, giveUp: Int = 3600) throws -> String {
      try record.end(message, end, worker: key, giveUp: giveUp)
    }
  }

  func worker() throws -> Worker { try Worker(database) }

  /// Queues a message to each of so many people of a tenant.
  func queue(
    _ count: Int, tenant: Int = 1, period: String = "2025", zone: String = "UTC",
    hours: HoursOfDay? = nil
  ) throws {
    var owner = Plans.tenant(tenant)
    owner.zone = ZoneRules(name: zone, offset: 0)
    let digest = SHA256Digest(of: "\(tenant) \(period)".utf8)
    try record.connection.transaction {
      try record.queue([
        Announcement(
          tenant: owner, pipeline: "report", period: period, message: "ready", event: "final",
          payload: digest, channel: Self.channel, template: "ready", templateDigest: digest,
          hours: hours, isDigest: false,
          rows: (0..<count).map {
            AddressedRow(address: "u\($0)@t\(tenant).example", digest: digest)
          })
      ])
    }
  }

  /// How many messages are in each state.
  func states() throws -> [String: Int] {
    var states: [String: Int] = [:]
    for row in try record.connection.query(
      "SELECT state, count(*) AS count FROM yearbook.outbox GROUP BY state")
    { states[try row.string("state")] = try row.int("count") }
    return states
  }

  /// A number that a query gives, of this destination's row: `d`.
  func number(_ expression: String) throws -> Double {
    let text = try record.connection.query(
      "SELECT (\(expression))::float8 AS number FROM yearbook.destination d WHERE name = $1",
      [Self.destination]
    ).only().string("number")
    return try #require(Double(text))
  }

  /// Lets so many seconds pass for this destination.
  func pass(seconds: Int) throws {
    try record.connection.query(
      """
      UPDATE yearbook.destination SET probe = probe - $2::integer * interval '1 second',
        arrival = arrival - $2::integer * interval '1 second' WHERE name = $1
      """, [Self.destination, String(seconds)])
  }
}
