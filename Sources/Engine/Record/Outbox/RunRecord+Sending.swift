import Basics
package import Diagnostics
import Foundation
import Postgres

/// A message that a worker took, with what it is about.
struct TakenMessage: Sendable {
  /// Its number in the outbox.
  var id: Int
  var key: SHA256Digest
  var tenantID: String
  var slug: String
  var tenantName: String
  var pipeline: String
  var period: String
  /// The message's name in the pipeline file.
  var message: String
  var event: String
  var release: String?
  var channel: String
  var template: String
  var address: String
  var name: String?
  var locale: String
  /// The further columns of its row, as JSON.
  var content: String?
  var isDigest: Bool
  /// What is told with it: periods and further columns, in the order of their queueing.
  var carried: [(period: String, content: String?)] = []
  /// When it was queued, seconds since 1970.
  var queued: Int
  /// How often it was tried before.
  var attempts: Int
  var isSuppressed: Bool
}

/// What became of a message.
enum MessageEnd: Sendable {
  case sent(String)
  /// It is tried again after this many seconds, or is dead if that was tried for too long.
  case retryable(String, seconds: Double)
  /// Like `retryable`; it may have been taken.
  case uncertain(String, seconds: Double)
  case dead(String)
  case suppressed(String)
  /// It was not tried: its destination takes none now.
  case givenBack(destination: String?, seconds: Double)
}

extension RunRecord {
  static let outboxChannel = "yearbook_outbox"
  /// The states in which a message still has to leave.
  static let open = "('pending', 'sending', 'retryable', 'uncertain')"
  /// A worker's session ends with it, at the latest when a cut network is noticed. The lease is for
  /// a host that is cut off in another way.
  private static let leaseSeconds = 600

  /// Takes messages that can leave now: of each tenant a few, and of each recipient the oldest.
  ///
  /// - Parameters:
  ///   - worker: the advisory lock that this session holds. Without it, any worker can take its
  ///     messages.
  ///   - share: the most of one tenant, so that a tenant's thousand do not hold up another's one.
  func takeMessages(
    worker: AdvisoryKey, channel: String, most: Int, share: Int
  ) throws -> [TakenMessage] {
    try connection.transaction {
      try freeAbandonedMessages(worker)
      let ids = try connection.queryPrepared(
        """
        WITH RECURSIVE owners AS (
          (SELECT tenant_id FROM yearbook.outbox WHERE state IN \(Self.open) ORDER BY tenant_id LIMIT 1)
          UNION ALL
          SELECT (SELECT o.tenant_id FROM yearbook.outbox o
            WHERE o.state IN \(Self.open) AND o.tenant_id > w.tenant_id ORDER BY o.tenant_id LIMIT 1)
          FROM owners w WHERE w.tenant_id IS NOT NULL
        ), ready AS (
          SELECT q.id FROM (SELECT tenant_id FROM owners WHERE tenant_id IS NOT NULL ORDER BY random()) w
          CROSS JOIN LATERAL (
            SELECT o.id FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
            WHERE o.tenant_id = w.tenant_id AND o.state IN ('pending', 'retryable', 'uncertain')
              AND o.not_before <= now() AND o.channel = $1
              AND (y.opens IS NULL OR yearbook.may_leave(coalesce(o.zone, y.zone), y.opens, y.closes))
              AND NOT EXISTS (SELECT FROM yearbook.destination d
                WHERE d.channel = o.channel AND d.name = o.destination AND d.probe > now())
              AND NOT EXISTS (SELECT FROM yearbook.outbox e
                WHERE e.recipient = o.recipient AND e.id < o.id AND e.channel = o.channel
                  AND e.state IN \(Self.open))
            ORDER BY o.id LIMIT $3 FOR UPDATE OF o SKIP LOCKED
          ) q LIMIT $2
        )
        UPDATE yearbook.outbox o SET state = 'sending', worker = $4, began = NULL, carrier = NULL,
          lease = now() + interval '\(Self.leaseSeconds) seconds'
        FROM ready WHERE o.id = ready.id RETURNING o.id
        """, [channel, String(most), String(share), String(worker.value)]
      ).map { row throws(Diagnostic) in try row.string("id") }
      return try taken(ids)
    }
  }

  private func taken(_ ids: [String]) throws(Diagnostic) -> [TakenMessage] {
    if ids.isEmpty { return [] }
    // The day's other messages go with the first. A later try says the same as the first one did.
    try connection.queryPrepared(
      """
      UPDATE yearbook.outbox o SET state = 'sending', worker = l.worker, lease = l.lease, began = NULL,
        carrier = l.id
      FROM yearbook.outbox l, yearbook.telling ly, yearbook.telling y
      WHERE l.id = ANY ($1::bigint[]) AND ly.id = l.telling AND ly.is_digest AND y.id = o.telling
        AND y.is_digest AND o.recipient = l.recipient AND o.channel = l.channel AND o.id > l.id
        AND o.tenant_id = l.tenant_id AND (y.pipeline, y.message) = (ly.pipeline, ly.message)
        AND o.state IN ('pending', 'retryable', 'uncertain')
        AND CASE WHEN l.attempts = 0 THEN o.carrier IS NULL AND o.not_before <= now()
          ELSE o.carrier = l.id END
      """, [Quoting.array(ids)])
    var messages: [TakenMessage] = []
    for row in try connection.queryPrepared(
      """
      SELECT o.id, encode(o.key, 'hex') AS key, y.tenant_id, y.slug, y.tenant_name, y.pipeline, y.period,
        y.message, y.event, y.release_id, o.channel, y.template, o.address, o.name, o.locale, o.content,
        y.is_digest, extract(epoch FROM o.queued)::bigint AS queued, o.attempts,
        EXISTS (SELECT FROM yearbook.suppression s WHERE s.recipient = o.recipient) AS is_suppressed,
        (SELECT jsonb_agg(jsonb_build_object('period', cy.period, 'content', c.content::text) ORDER BY c.id)
          FROM yearbook.outbox c JOIN yearbook.telling cy ON cy.id = c.telling
          WHERE y.is_digest AND c.recipient = o.recipient AND c.carrier = o.id) AS carried
      FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
      WHERE o.id = ANY ($1::bigint[]) ORDER BY o.id
      """, [Quoting.array(ids)])
    { messages.append(try TakenMessage(row)) }
    return messages
  }

  /// Frees the messages of workers that are gone. One that was handed to a channel may have left.
  private func freeAbandonedMessages(_ worker: AdvisoryKey) throws(Diagnostic) {
    try connection.queryPrepared(
      """
      UPDATE yearbook.outbox o SET worker = NULL, lease = NULL,
        state = CASE WHEN began IS NOT NULL OR doubts > 0 THEN 'uncertain'
          WHEN attempts > 0 THEN 'retryable' ELSE 'pending' END,
        doubts = doubts + CASE WHEN began IS NULL THEN 0 ELSE 1 END,
        answer = CASE WHEN began IS NULL THEN answer ELSE 'the sender died while it sent' END
      WHERE state = 'sending' AND worker IS DISTINCT FROM $1 AND (lease < now() OR NOT EXISTS (
        SELECT FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND ((l.classid::bigint << 32) | l.objid::bigint) = o.worker))
      """, [String(worker.value)])
  }

  /// Whether a message may be handed to its channel.
  enum Permission: Sendable, Equatable {
    /// After this many seconds, for the destination's pace. Of a destination whose breaker is open,
    /// it is the one message that tries.
    case after(seconds: Double, isProbe: Bool)
    /// The destination's breaker is open, for this many seconds.
    case closed(seconds: Double)
    /// Another worker has it: this one was away for longer than its lease.
    case lost
  }

  /// Notes that a message is handed to its channel now.
  ///
  /// - Parameter rate: messages a second for the destination, over all hosts together: its next
  ///   one has a time of arrival, which each message moves on (GCRA without a burst).
  func begin(
    _ message: TakenMessage, to destination: String, worker: AdvisoryKey, rate: Double?
  ) throws(Diagnostic) -> Permission {
    let breaker = try connection.queryPrepared(
      """
      SELECT extract(epoch FROM probe - clock_timestamp())::float8 AS rest FROM yearbook.destination
      WHERE channel = $1 AND name = $2 AND opened IS NOT NULL
      """, [message.channel, destination]
    ).first
    if let breaker {
      let rest = Double(try breaker.string("rest")) ?? 0
      if rest > 0 { return .closed(seconds: rest) }
      // One message tries, of all workers' together.
      let isProbe = try connection.queryPrepared(
        """
        UPDATE yearbook.destination SET probe = clock_timestamp() + interval '60 seconds'
        WHERE channel = $1 AND name = $2 AND opened IS NOT NULL AND probe <= clock_timestamp()
        """, [message.channel, destination]
      ).affected
      if isProbe == 0 { return .closed(seconds: 1) }
    }
    let begun = try connection.queryPrepared(
      """
      UPDATE yearbook.outbox SET began = clock_timestamp(), attempts = attempts + 1, destination = $3,
        lease = now() + interval '\(Self.leaseSeconds) seconds'
      WHERE id = $1 AND state = 'sending' AND worker = $2
      """, [String(message.id), String(worker.value), destination]
    ).affected
    guard begun == 1 else { return .lost }
    guard let rate else { return .after(seconds: 0, isProbe: breaker != nil) }
    let wait = try connection.queryPrepared(
      """
      INSERT INTO yearbook.destination AS d (channel, name, arrival)
      VALUES ($1, $2, clock_timestamp() + $3::float8 * interval '1 second')
      ON CONFLICT (channel, name) DO UPDATE
        SET arrival = greatest(d.arrival, clock_timestamp()) + $3::float8 * interval '1 second'
      RETURNING extract(epoch FROM arrival - $3::float8 * interval '1 second' - clock_timestamp())::float8
        AS wait
      """, [message.channel, destination, String(1 / rate)]
    ).only()
    return .after(
      seconds: max(0, Double(try wait.string("wait")) ?? 0), isProbe: breaker != nil)
  }

  /// Records what became of a message, and of those that were told with it.
  ///
  /// - Parameter giveUp: seconds after its queueing at which a message is no longer tried.
  /// - Returns: The state that it has now.
  @discardableResult
  func end(
    _ message: TakenMessage, _ end: MessageEnd, worker: AdvisoryKey, giveUp: Int
  ) throws(Diagnostic) -> String {
    let (state, answer, seconds): (String, String?, Double) =
      switch end {
      case .sent(let note): ("sent", note, 0)
      case .retryable(let note, let seconds): ("retryable", note, seconds)
      case .uncertain(let note, let seconds): ("uncertain", note, seconds)
      case .dead(let note): ("dead", note, 0)
      case .suppressed(let note): ("suppressed", note, 0)
      case .givenBack(_, let seconds): ("pending", nil, seconds)
      }
    var destination: String?
    if case .givenBack(let name, _) = end { destination = name }
    let row = try connection.queryPrepared(
      """
      WITH lead AS (
        SELECT id, CASE
          WHEN $3 IN ('retryable', 'uncertain') AND queued < now() - $6::float8 * interval '1 second'
            THEN 'dead'
          WHEN $3 <> 'pending' THEN $3
          WHEN doubts > 0 THEN 'uncertain' WHEN attempts > 0 THEN 'retryable' ELSE 'pending' END AS state
        FROM yearbook.outbox WHERE id = $1 AND state = 'sending' AND worker = $2
      )
      UPDATE yearbook.outbox o SET state = lead.state, answer = coalesce($4, answer), worker = NULL,
        lease = NULL, began = NULL, destination = coalesce($7, destination), doubts = doubts + ($3 = 'uncertain')::integer,
        not_before = CASE WHEN $5::float8 > 0 THEN now() + $5::float8 * interval '1 second' ELSE not_before END,
        ended = CASE WHEN lead.state IN ('sent', 'dead', 'suppressed') THEN now() END
      FROM lead
      WHERE o.worker = $2 AND o.state = 'sending' AND (o.id = lead.id OR o.carrier = lead.id)
      RETURNING o.state
      """,
      [
        String(message.id), String(worker.value), state, answer, String(seconds),
        String(giveUp), destination,
      ]
    ).first
    return try row?.string("state") ?? "lost"
  }

  /// Seconds until a message may leave; `nil` if none waits.
  func secondsToNextMessage(channel: String) throws(Diagnostic) -> Double? {
    try connection.queryPrepared(
      """
      SELECT extract(epoch FROM min(greatest(o.not_before, d.probe)) - now())::float8 AS seconds
      FROM yearbook.outbox o LEFT JOIN yearbook.destination d
        ON d.channel = o.channel AND d.name = o.destination AND d.opened IS NOT NULL
      WHERE o.channel = $1 AND o.state IN ('pending', 'retryable', 'uncertain')
      """, [channel]
    ).only().optionalString("seconds").flatMap { Double($0) }
  }

  /// Takes addresses, names and contents out of messages that ended so many seconds ago: their keys
  /// stay, so that they are never queued again.
  ///
  /// - Returns: How many messages.
  @discardableResult
  package func forgetAddresses(olderThan seconds: Int) throws(Diagnostic) -> Int {
    try connection.query(
      """
      UPDATE yearbook.outbox SET address = NULL, name = NULL, locale = NULL, user_id = NULL,
        content = NULL, recipient = NULL
      WHERE ended < now() - $1::bigint * interval '1 second' AND address IS NOT NULL
      """, [String(seconds)]
    ).affected
  }
}

extension TakenMessage {
  /// From a row of the outbox with its telling.
  init(_ row: Row) throws(Diagnostic) {
    id = try row.int("id")
    key = try row.digest("key")
    tenantID = try row.string("tenant_id")
    slug = try row.string("slug")
    tenantName = try row.string("tenant_name")
    pipeline = try row.string("pipeline")
    period = try row.string("period")
    message = try row.string("message")
    event = try row.string("event")
    release = try row.optionalString("release_id")
    channel = try row.string("channel")
    template = try row.string("template")
    address = try row.optionalString("address") ?? ""
    name = try row.optionalString("name")
    locale = try row.optionalString("locale") ?? "en"
    content = try row.optionalString("content")
    isDigest = try row.bool("is_digest")
    queued = try row.int("queued")
    attempts = try row.int("attempts")
    isSuppressed = try row.bool("is_suppressed")
    struct Carried: Decodable {
      var period: String
      var content: String?
    }
    if let text = try row.optionalString("carried") {
      do {
        carried = try JSONDecoder().decode([Carried].self, from: Data(text.utf8))
          .map { ($0.period, $0.content) }
      } catch {
        throw Diagnostic(.bug, "the messages of a digest cannot be read", underlying: error)
      }
    }
  }
}
