import Basics
package import Diagnostics
import Postgres

/// What people ask of the outbox. Nothing here gives an address away.
extension RunRecord {
  /// Messages of one channel in one state.
  package struct OutboxCount: Sendable {
    package var channel: String
    package var state: String
    package var count: Int
    /// When the oldest of them was queued, as PostgreSQL prints it.
    package var oldest: String
  }

  /// A message, as lists show it.
  package struct ListedMessage: Sendable {
    /// 64 hexadecimal digits.
    package var key: String
    package var slug: String
    package var pipeline: String
    package var period: String
    package var message: String
    package var channel: String
    package var state: String
    package var attempts: Int
    /// What was answered last.
    package var answer: String?
    package var queued: String
  }

  /// How many messages there are, by channel and state.
  package func outboxCounts() throws(Diagnostic) -> [OutboxCount] {
    try connection.query(
      """
      SELECT channel, state, count(*) AS count, min(queued) AS oldest FROM yearbook.outbox
      GROUP BY channel, state ORDER BY channel COLLATE "C", state COLLATE "C"
      """
    ).map { row throws(Diagnostic) in
      OutboxCount(
        channel: try row.string("channel"), state: try row.string("state"),
        count: try row.int("count"), oldest: try row.string("oldest"))
    }
  }

  /// Messages in some states, the oldest first.
  ///
  /// - Parameter prefix: what their keys begin with.
  package func messages(
    in states: [String], channel: String? = nil, prefix: String = "", most: Int = 1000
  ) throws(Diagnostic) -> [ListedMessage] {
    try connection.query(
      """
      SELECT encode(o.key, 'hex') AS key, y.slug, y.pipeline, y.period, y.message, o.channel, o.state,
        o.attempts, o.answer, o.queued
      FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
      WHERE o.state = ANY ($1::text[]) AND ($2::text IS NULL OR o.channel = $2)
        AND starts_with(encode(o.key, 'hex'), $3)
      ORDER BY o.id LIMIT $4
      """, [Quoting.array(states), channel, prefix, String(most)]
    ).map { row throws(Diagnostic) in
      ListedMessage(
        key: try row.string("key"), slug: try row.string("slug"),
        pipeline: try row.string("pipeline"), period: try row.string("period"),
        message: try row.string("message"), channel: try row.string("channel"),
        state: try row.string("state"), attempts: try row.int("attempts"),
        answer: try row.optionalString("answer"), queued: try row.string("queued"))
    }
  }

  /// All states of a message.
  package static let messageStates = [
    "pending", "sending", "sent", "retryable", "uncertain", "dead", "suppressed",
  ]

  /// The one message whose key begins with a prefix, in one of these states.
  ///
  /// - Throws: `usage` if there is none, or more than one.
  package func message(
    _ prefix: String, in states: [String] = messageStates
  ) throws(Diagnostic) -> ListedMessage {
    let isHex =
      prefix.utf8.count >= 6 && prefix.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    let found = isHex ? try messages(in: states, prefix: prefix, most: 2) : []
    guard found.count == 1, let first = found.first else {
      throw Diagnostic(
        .usage,
        found.isEmpty
          ? "there is no such message in the state \(states.joined(separator: ", "))"
          : "more than one message's key begins so",
        hint: "name at least the first 6 digits of its key: yearbook deliver dead")
    }
    return first
  }

  /// Sends dead messages again, from the first try on. Those whose addresses are gone stay dead.
  ///
  /// - Parameter key: of one message; `nil` for all.
  /// - Returns: How many.
  package func retryMessages(_ key: String?, channel: String?) throws(Diagnostic) -> Int {
    try connection.query(
      """
      UPDATE yearbook.outbox SET state = 'retryable', attempts = 0, queued = now(), not_before = now(),
        ended = NULL
      WHERE state = 'dead' AND address IS NOT NULL AND ($1::text IS NULL OR key = $1::bytea)
        AND ($2::text IS NULL OR channel = $2)
      """, [key.map { "\\x" + $0 }, channel]
    ).affected
  }

  /// Takes messages that have not been sent out of the queue. Their keys stay: they are not queued
  /// again.
  ///
  /// - Parameter key: of one message; `nil` for all, but those that are being sent.
  package func dropMessages(_ key: String?, channel: String?) throws(Diagnostic) -> Int {
    try connection.query(
      """
      UPDATE yearbook.outbox SET state = 'suppressed', answer = 'dropped by the operator', ended = now(),
        address = NULL, name = NULL, locale = NULL, content = NULL, user_id = NULL, recipient = NULL
      WHERE state IN ('pending', 'retryable', 'uncertain', 'dead')
        AND ($1::text IS NULL OR key = $1::bytea) AND ($2::text IS NULL OR channel = $2)
      """, [key.map { "\\x" + $0 }, channel]
    ).affected
  }

  /// Notes that an address gets no messages. Of the address, its digest is kept.
  ///
  /// - Returns: Whether that is new.
  package func suppress(_ address: String, reason: String) throws(Diagnostic) -> Bool {
    try connection.query(
      "INSERT INTO yearbook.suppression (recipient, reason) VALUES ($1::bytea, $2) ON CONFLICT DO NOTHING",
      ["\\x" + SHA256Digest(of: Telling.compared(address).utf8).hex, reason]
    ).affected == 1
  }

  /// Takes an address off the list.
  ///
  /// - Returns: Whether it was on it.
  package func allow(_ address: String) throws(Diagnostic) -> Bool {
    try connection.query(
      "DELETE FROM yearbook.suppression WHERE recipient = $1::bytea",
      ["\\x" + SHA256Digest(of: Telling.compared(address).utf8).hex]
    ).affected == 1
  }

  /// A message as a worker would take it, without taking it; `nil` if its address is gone.
  func peek(_ key: String) throws(Diagnostic) -> TakenMessage? {
    try connection.query(
      """
      SELECT \(TakenMessage.columns)
      FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
      WHERE o.key = $1::bytea AND o.address IS NOT NULL
      """, ["\\x" + key]
    ).first.map { row throws(Diagnostic) in try TakenMessage(row) }
  }
}
