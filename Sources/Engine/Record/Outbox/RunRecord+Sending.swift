import Basics
import Delivery
package import Diagnostics
import Postgres

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
  /// It was tried, and all others would fail as it did.
  case held(destination: String, seconds: Double)
}

extension RunRecord {
  /// What `pass` did.
  struct Passage {
    /// Whether the message may be handed to its channel. If not, another worker has it: this one
    /// was away for longer than its lease.
    var hasBegun: Bool
    /// The state of the message that was sent before; `nil` if another worker has it.
    var state: String?
    /// Whether the destination is known to have failed before.
    var isFailing: Bool
  }

  /// Notes in one transaction that a message was sent, and that the next one is handed to its
  /// channel now. Between two messages nothing else need be durable, so each costs one commit.
  func pass(
    _ sent: (message: TakenMessage, note: String)?, then next: TakenMessage,
    to destination: String, worker: AdvisoryKey
  ) throws(Diagnostic) -> Passage {
    // By their numbers: "worker = …" would make PostgreSQL look through all that the worker has.
    let row = try connection.queryPrepared(
      """
      WITH ended AS (
        UPDATE yearbook.outbox SET state = 'sent', answer = $4, worker = NULL, lease = NULL,
          began = NULL, ended = now()
        WHERE id = ANY ($3::bigint[]) AND state = 'sending' AND worker IS NOT DISTINCT FROM $1
        RETURNING state
      ), begun AS (
        UPDATE yearbook.outbox SET began = clock_timestamp(), attempts = attempts + 1,
          destination = $6, lease = now() + interval '\(Self.leaseSeconds) seconds'
        WHERE id = $2 AND state = 'sending' AND worker IS NOT DISTINCT FROM $1 RETURNING 1
      )
      SELECT EXISTS (SELECT FROM begun) AS has_begun, (SELECT state FROM ended LIMIT 1) AS state,
        EXISTS (SELECT FROM yearbook.destination WHERE channel = $5 AND name = $6
          AND (failures > 0 OR opened IS NOT NULL)) AS is_failing
      """,
      [
        String(worker.value), String(next.id), sent?.message.ids ?? "{}", sent?.note,
        next.channel, destination,
      ]
    ).only()
    return Passage(
      hasBegun: try row.bool("has_begun"), state: try row.optionalString("state"),
      isFailing: try row.bool("is_failing"))
  }

  /// Takes the next place in a destination's pace, over all hosts together: each message moves the
  /// time of the next one on (the generic cell rate algorithm of ITU-T I.371, without tolerance).
  ///
  /// - Returns: Seconds until the place; `nil` if it would be too long to wait for it.
  func reserve(
    _ channel: String, _ destination: String, _ pace: Pace
  ) throws(Diagnostic) -> Double? {
    let step = "$3::bigint * interval '1 microsecond'"
    let now = "clock_timestamp()"
    // What a crash of the server takes with it is older than the crash: this need not be durable.
    return try connection.queryPrepared(
      """
      INSERT INTO yearbook.destination AS d (channel, name, arrival)
      SELECT $1, $2, \(now) + \(step) FROM set_config('synchronous_commit', 'off', true)
      ON CONFLICT (channel, name) DO UPDATE SET arrival = \(step) + CASE
        WHEN d.arrival BETWEEN \(now) AND \(now) + interval '\(Self.longestWait) seconds' + \(step)
          THEN d.arrival ELSE \(now) END
        WHERE NOT \(Self.isBusy(now, "$3"))
      RETURNING extract(epoch FROM arrival - \(step) - \(now))::float8 AS wait
      """, [channel, destination, String(pace.interval)]
    ).first.map { row throws(Diagnostic) in max(0, Double(try row.string("wait")) ?? 0) }
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
      case .givenBack(_, let seconds), .held(_, let seconds): ("pending", nil, seconds)
      }
    let (destination, wasTried): (String?, Bool) =
      switch end {
      case .givenBack(let name, _): (name, false)
      case .held(let name, _): (name, true)
      default: (nil, true)
      }
    let row = try connection.queryPrepared(
      """
      WITH lead AS (
        SELECT CASE
          WHEN $3 IN ('retryable', 'uncertain') AND queued < now() - $6::float8 * interval '1 second'
            THEN 'dead'
          WHEN $3 <> 'pending' THEN $3
          WHEN doubts > 0 THEN 'uncertain'
          WHEN attempts > (began IS NOT NULL AND NOT $9::boolean)::integer THEN 'retryable' ELSE 'pending' END AS state
        FROM yearbook.outbox WHERE id = $1 AND state = 'sending' AND worker IS NOT DISTINCT FROM $2
      )
      UPDATE yearbook.outbox o SET state = lead.state, answer = coalesce($4, answer), worker = NULL,
        lease = NULL, began = NULL, destination = coalesce($7, destination),
        doubts = doubts + ($3 = 'uncertain')::integer,
        -- What was not tried does not count as a try.
        attempts = attempts - (began IS NOT NULL AND NOT $9::boolean)::integer,
        not_before = CASE WHEN $5::float8 > 0 THEN now() + $5::float8 * interval '1 second' ELSE not_before END,
        ended = CASE WHEN lead.state IN ('sent', 'dead', 'suppressed') THEN now() END
      FROM lead
      WHERE o.worker IS NOT DISTINCT FROM $2 AND o.state = 'sending' AND o.id = ANY ($8::bigint[])
      RETURNING o.state
      """,
      [
        String(message.id), String(worker.value), state, answer, String(seconds),
        String(giveUp), destination, message.ids, wasTried ? "t" : "f",
      ]
    ).first
    return try row?.string("state") ?? "lost"
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
