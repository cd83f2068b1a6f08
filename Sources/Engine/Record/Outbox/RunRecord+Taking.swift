import Basics
import Delivery
import Diagnostics
import Foundation
import Postgres

/// How workers take messages out of the queue, and for how long.
extension RunRecord {
  static let outboxChannel = "yearbook_outbox"
  /// The states in which a message still has to leave.
  static let open = "('pending', 'sending', 'retryable', 'uncertain')"
  /// Those in which no worker has it.
  static let waiting = "('pending', 'retryable', 'uncertain')"
  /// A worker's session ends with it, at the latest when a cut network is noticed. The lease is for
  /// a host that is cut off in another way.
  static let leaseSeconds = 600
  /// The longest time in seconds that a message waits in a worker's hands for its destination's
  /// pace. Its lease is much longer.
  static let longestWait = 60

  /// What a worker wants.
  struct Demand {
    /// The advisory lock that its session holds. Without it, any worker can take its messages.
    var worker: AdvisoryKey
    var channel: String
    /// Where the channel's messages go, if that is known already: while it takes none, none are
    /// taken; while it is tried, one.
    var destination: String?
    var pace: Pace?
    /// The most messages.
    var most: Int
    /// The most of one tenant, so that a tenant's thousand do not hold up another's one.
    var share: Int
  }

  /// Takes messages that can leave now: of each recipient the oldest. The tenants are gone through
  /// in the order of their ids, from a random one on.
  func takeMessages(_ demand: Demand) throws -> [TakenMessage] {
    try connection.transaction {
      let rows = try connection.queryPrepared(
        """
        WITH RECURSIVE gate AS (
          SELECT count(*) FILTER (WHERE d.probe > now() OR \(Self.isBusy("now()", "$7"))) AS closed,
            count(*) FILTER (WHERE d.opened IS NOT NULL) AS tried
          FROM yearbook.destination d WHERE d.channel = $1 AND d.name = $6
        ), \(Self.tenants(from: "$5")), ready AS (
          SELECT q.id FROM tenants w
          CROSS JOIN LATERAL (
            SELECT o.id FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
            WHERE o.channel = $1 AND o.tenant_id = w.tenant_id AND o.state IN \(Self.waiting)
              AND o.not_before <= now()
              AND (y.opens IS NULL OR yearbook.may_leave(coalesce(o.zone, y.zone), y.opens, y.closes))
              AND NOT EXISTS (SELECT FROM yearbook.destination d
                WHERE d.channel = o.channel AND d.name = o.destination AND d.probe > now())
              AND NOT EXISTS (SELECT FROM yearbook.outbox e
                WHERE e.recipient = o.recipient AND e.id < o.id AND e.channel = o.channel
                  AND e.state IN \(Self.open))
            ORDER BY o.not_before, o.id LIMIT $3 FOR UPDATE OF o SKIP LOCKED
          ) q WHERE w.not_before <= now()
          LIMIT (SELECT CASE WHEN closed > 0 THEN 0 WHEN tried > 0 THEN 1 ELSE $2::bigint END FROM gate)
        )
        UPDATE yearbook.outbox o SET state = 'sending', worker = $4, began = NULL, carrier = NULL,
          lease = now() + interval '\(Self.leaseSeconds) seconds'
        FROM ready, yearbook.telling y
        WHERE o.id = ready.id AND y.id = o.telling RETURNING o.id, y.is_digest
        """,
        [
          demand.channel, String(demand.most), String(demand.share), String(demand.worker.value),
          UUID().uuidString, demand.destination, demand.pace.map { String($0.interval) },
        ])
      var ids: [String] = []
      var hasDigest = false
      for row in rows {
        ids.append(try row.string("id"))
        hasDigest = try hasDigest || row.bool("is_digest")
      }
      if ids.isEmpty { return [] }
      if hasDigest { try takeCarried(ids) }
      return try connection.queryPrepared(
        """
        SELECT \(TakenMessage.columns)
        FROM yearbook.outbox o JOIN yearbook.telling y ON y.id = o.telling
        WHERE o.id = ANY ($1::bigint[]) ORDER BY o.id
        """, [Quoting.array(ids)]
      ).map { row throws(Diagnostic) in try TakenMessage(row) }
    }
  }

  /// The tenants for whom messages of the channel `$1` wait, each with the time of its next one: a
  /// step along the index for each tenant, and none for its further messages. Whoever reads a few
  /// of them pays for these.
  ///
  /// - Parameter start: the parameter with the id to begin with.
  private static func tenants(from start: String) -> String {
    func next(_ condition: String) -> String {
      """
      SELECT o.tenant_id, o.not_before FROM yearbook.outbox o
      WHERE o.channel = $1 AND o.state IN \(waiting) AND \(condition)
      ORDER BY o.tenant_id, o.not_before, o.id LIMIT 1
      """
    }
    func walk(_ name: String, _ first: String, _ further: String) -> String {
      """
      \(name) AS (
        (\(next(first)))
        UNION ALL
        SELECT n.* FROM \(name) w CROSS JOIN LATERAL (\(next("o.tenant_id > w.tenant_id" + further))) n
      )
      """
    }
    return """
      \(walk("above", "o.tenant_id >= \(start)", "")),
      \(walk("below", "o.tenant_id < \(start)", " AND o.tenant_id < \(start)")),
      tenants AS (SELECT * FROM above UNION ALL SELECT * FROM below)
      """
  }

  /// The condition that a destination `d` has as many messages waiting for its pace as is good.
  ///
  /// An arrival that is later than any pace makes it is of a clock that was set back since.
  ///
  /// - Parameter interval: the pace's, in microseconds.
  static func isBusy(_ now: String, _ interval: String) -> String {
    let limit = "interval '\(longestWait) seconds'"
    return """
      coalesce(d.arrival > \(now) + \(limit)
        AND d.arrival <= \(now) + \(limit) + \(interval)::bigint * interval '1 microsecond', false)
      """
  }

  /// The day's other messages go with the first. A later try says the same as the first one did.
  private func takeCarried(_ ids: [String]) throws(Diagnostic) {
    try connection.queryPrepared(
      """
      UPDATE yearbook.outbox o SET state = 'sending', worker = l.worker, lease = l.lease, began = NULL,
        carrier = l.id
      FROM yearbook.outbox l, yearbook.telling ly, yearbook.telling y
      WHERE l.id = ANY ($1::bigint[]) AND ly.id = l.telling AND ly.is_digest AND y.id = o.telling
        AND y.is_digest AND o.recipient = l.recipient AND o.channel = l.channel AND o.id > l.id
        AND o.tenant_id = l.tenant_id AND (y.pipeline, y.message) = (ly.pipeline, ly.message)
        AND o.state IN \(Self.waiting)
        AND CASE WHEN l.attempts = 0 THEN o.carrier IS NULL AND o.not_before <= now()
          ELSE o.carrier = l.id END
      """, [Quoting.array(ids)])
  }

  /// Frees the messages of workers that are gone. One that was handed to a channel may have left.
  func freeAbandonedMessages(_ worker: AdvisoryKey) throws(Diagnostic) {
    try connection.queryPrepared(
      """
      UPDATE yearbook.outbox o SET worker = NULL, lease = NULL,
        state = CASE WHEN began IS NOT NULL OR doubts > 0 THEN 'uncertain'
          WHEN attempts > 0 THEN 'retryable' ELSE 'pending' END,
        doubts = doubts + CASE WHEN began IS NULL THEN 0 ELSE 1 END,
        answer = CASE WHEN began IS NULL THEN answer ELSE 'the sender died while it sent' END
      WHERE state = 'sending' AND worker IS DISTINCT FROM $1 AND (lease < now() OR worker NOT IN (
        SELECT (l.classid::bigint << 32) | l.objid::bigint FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted))
      """, [String(worker.value)])
  }

  /// Puts messages that are due, but outside their hours, to the beginning of these, so that nobody
  /// looks at them until then.
  func postponeToHours(channel: String) throws(Diagnostic) {
    try connection.queryPrepared(
      """
      UPDATE yearbook.outbox o SET not_before = yearbook.opening(coalesce(o.zone, y.zone), y.opens, y.closes)
      FROM yearbook.telling y
      WHERE o.channel = $1 AND o.state IN \(Self.waiting) AND o.not_before <= now()
        AND y.id = o.telling AND y.opens IS NOT NULL
        AND NOT yearbook.may_leave(coalesce(o.zone, y.zone), y.opens, y.closes)
      """, [channel])
  }

  /// Seconds until a message may leave; `nil` if none waits. 0 or less: one waits for another that
  /// is under way.
  func secondsToNextMessage(
    channel: String, destination: String?, pace: Pace?
  ) throws(Diagnostic) -> Double? {
    try connection.queryPrepared(
      """
      WITH RECURSIVE \(Self.tenants(from: "$2"))
      SELECT extract(epoch FROM greatest((SELECT min(not_before) FROM tenants),
        (SELECT greatest(d.probe, CASE WHEN \(Self.isBusy("now()", "$4"))
            THEN d.arrival - interval '\(Self.longestWait) seconds' END)
          FROM yearbook.destination d WHERE d.channel = $1 AND d.name = $3)) - now())::float8 AS seconds
      WHERE EXISTS (SELECT FROM tenants)
      """,
      [
        channel, "00000000-0000-0000-0000-000000000000", destination,
        pace.map { String($0.interval) },
      ]
    ).first?.optionalString("seconds").flatMap { Double($0) }
  }
}
