import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres

/// Measures what queueing messages costs in a publication's transaction. For bench/outbox.
package enum QueueBench {
  /// What was measured, in seconds.
  package struct Times: Sendable {
    /// All messages, each new.
    package var new: Double
    /// The same again, when every key is known.
    package var known: Double
  }

  /// Queues messages to the people of many tenants, in one transaction.
  package static func run(
    messages count: Int, tenants: Int, record conninfo: String
  ) throws -> Times {
    let record = try RunRecord(conninfo)
    let each = count / tenants
    let template = SHA256Digest(of: "template".utf8)
    // As a publication does: the rows were read before.
    let announcements = (0..<tenants).map { number in
      let id = "00000000-0000-4000-8000-" + String(String(1_000_000_000_000 + number).dropFirst())
      return Announcement(
        tenant: Tenant(
          id: id, slug: "tenant-\(number)", name: "Tenant \(number)", zone: .utc, locale: "en",
          currency: "USD"), pipeline: "report", period: "2025", message: "ready", event: "final",
        payload: SHA256Digest(of: id.utf8), release: "20260101T000000Z-00000000", channel: "mail",
        template: "ready", templateDigest: template, isDigest: false,
        rows: (0..<each).map { person in
          AddressedRow(
            address: "person\(person)@tenant-\(number).example", name: "Person \(person)",
            user: "00000000-0000-4000-9000-"
              + String(String(1_000_000_000_000 + number * each + person).dropFirst()),
            digest: template)
        })
    }
    func pass(_ expected: Int) throws -> Double {
      let running = Stopwatch()
      let queued = try record.connection.transaction { try record.queue(announcements) }
      let seconds = running.seconds
      guard queued == expected else {
        throw Diagnostic(.bug, "\(queued) messages were queued, but \(expected) were expected")
      }
      return seconds
    }
    return Times(new: try pass(each * tenants), known: try pass(0))
  }
}
