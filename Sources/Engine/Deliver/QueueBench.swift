import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres

/// Measures what queueing messages costs in a publication's transaction, and fills the queue of a
/// worker that is measured. For bench/outbox and bench/deliver.
package enum QueueBench {
  /// What was measured, in seconds.
  package struct Times: Sendable {
    /// All messages, each new, into an empty queue on a server that has to make its log's files.
    package var first: Double
    /// As many new messages after these.
    package var new: Double
    /// The same again, when every key is known.
    package var known: Double
  }

  /// Queues messages to the people of many tenants, in one transaction.
  package static func run(
    messages count: Int, tenants: Int, record conninfo: String
  ) throws -> Times {
    let record = try RunRecord(conninfo)
    func pass(_ pipeline: String, _ expected: Int) throws -> Double {
      // As a publication does: the rows were read before.
      let announcements = announcements(
        count, tenants, pipeline: pipeline, release: "20260101T000000Z-00000000")
      let running = Stopwatch()
      try queue(announcements, record, expected)
      return running.seconds
    }
    let all = count / tenants * tenants
    return Times(
      first: try pass("first", all), new: try pass("second", all), known: try pass("second", 0))
  }

  /// Queues messages by the channel `mail` with the template `ready`, which name no release.
  package static func fill(
    messages count: Int, tenants: Int, pipeline: String, record conninfo: String
  ) throws {
    try queue(
      announcements(count, tenants, pipeline: pipeline, release: nil), RunRecord(conninfo),
      count / tenants * tenants)
  }

  private static func announcements(
    _ count: Int, _ tenants: Int, pipeline: String, release: String?
  ) -> [Announcement] {
    let each = count / tenants
    let template = SHA256Digest(of: "template".utf8)
    return (0..<tenants).map { number in
      let id = "00000000-0000-4000-8000-" + String(String(1_000_000_000_000 + number).dropFirst())
      return Announcement(
        tenant: Tenant(
          id: id, slug: "tenant-\(number)", name: "Tenant \(number)", zone: .utc, locale: "en",
          currency: "USD"), pipeline: pipeline, period: "2025", message: "ready", event: "final",
        payload: SHA256Digest(of: id.utf8), release: release, channel: "mail",
        template: "ready", templateDigest: template, isDigest: false,
        rows: (0..<each).map { person in
          AddressedRow(
            address: "person\(person)@tenant-\(number).example", name: "Person \(person)",
            user: "00000000-0000-4000-9000-"
              + String(String(1_000_000_000_000 + number * each + person).dropFirst()),
            digest: template)
        })
    }
  }

  private static func queue(
    _ announcements: [Announcement], _ record: RunRecord, _ expected: Int
  ) throws {
    let queued = try record.connection.transaction { try record.queue(announcements) }
    guard queued == expected else {
      throw Diagnostic(.bug, "\(queued) messages were queued, but \(expected) were expected")
    }
  }
}
