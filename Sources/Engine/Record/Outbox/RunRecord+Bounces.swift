import Basics
import Delivery
import Diagnostics
import Postgres

extension RunRecord {
  /// Puts the addresses that reports name as dead on the list of those that get no messages.
  ///
  /// A report is text that anybody can have written. It counts if it names a message of this record
  /// by its `Message-ID`, and the address that the message went to.
  ///
  /// - Parameter isTrial: whether nothing is written.
  func judge(
    _ reports: [BounceReport], isTrial: Bool
  ) throws(Diagnostic) -> BounceInbox.Counts {
    var counts = BounceInbox.Counts()
    counts.reports = reports.count
    var sent: [String: (wire: String, recipient: String, isListed: Bool)] = [:]
    // The key has no index of its own: one scan is for all of them.
    for row in try connection.query(
      """
      SELECT encode(substr(o.key, 1, 16), 'hex') AS prefix, o.address,
        encode(o.recipient, 'hex') AS recipient,
        EXISTS (SELECT FROM yearbook.suppression s WHERE s.recipient = o.recipient) AS is_listed
      FROM yearbook.outbox o
      WHERE substr(o.key, 1, 16) = ANY ($1::bytea[]) AND o.address IS NOT NULL AND o.attempts > 0
      """, [Quoting.array(reports.compactMap { $0.keyPrefix.map { "\\x" + $0 } })])
    {
      let address = try row.string("address")
      sent[try row.string("prefix")] = (
        Telling.compared(MailAddress(address)?.wire ?? address), try row.string("recipient"),
        try row.bool("is_listed")
      )
    }
    var dead: [String: String] = [:]
    for report in reports {
      guard let message = report.keyPrefix.flatMap({ sent[$0] }),
        let found = report.recipients.first(where: {
          Telling.compared($0.address) == message.wire
        })
      else {
        counts.foreign += 1
        continue
      }
      if !found.isDead {
        counts.passing += 1
      } else if message.isListed || dead[message.recipient] != nil {
        counts.known += 1
      } else {
        dead[message.recipient] = "bounced: \(found.status)"
        counts.suppressed += 1
      }
    }
    if isTrial || dead.isEmpty { return counts }
    let listed = dead.sorted { $0.key < $1.key }
    try connection.query(
      """
      INSERT INTO yearbook.suppression (recipient, reason)
      SELECT r::bytea, t FROM unnest($1::text[], $2::text[]) AS u (r, t) ON CONFLICT DO NOTHING
      """,
      [
        Quoting.array(listed.map { "\\x" + $0.key }), Quoting.array(listed.map(\.value)),
      ])
    return counts
  }
}
