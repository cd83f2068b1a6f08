import Basics
package import Diagnostics
import Postgres

/// A source that is a hot standby: how old its rows are, and that its primary can end a statement.
extension Source {
  /// How far a session's rows are behind the primary's.
  package enum Replay: Equatable, Sendable {
    /// The server is no standby.
    case primary
    /// Microseconds; 0 if all that came was replayed.
    case behind(Int64)
    /// It has replayed nothing since it started, and nothing comes.
    case unknown
  }

  /// How far this session's rows are behind.
  ///
  /// If a primary rests, the last commit that was replayed can be of yesterday. So a standby that
  /// has replayed all that it received, and still receives, is not behind.
  package func replay() throws(Diagnostic) -> Replay {
    let row = try connection.query(Self.replayed).only()
    guard try row.bool("is_standby") else { return .primary }
    return try row.optionalString("behind").flatMap { Int64($0) }.map(Replay.behind) ?? .unknown
  }

  private static let replayed = """
    SELECT pg_catalog.pg_is_in_recovery() AS is_standby,
      CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN NULL
        WHEN pg_catalog.pg_last_wal_receive_lsn() = pg_catalog.pg_last_wal_replay_lsn()
          AND EXISTS (SELECT FROM pg_catalog.pg_stat_wal_receiver) THEN 0
        ELSE greatest(0, extract(epoch FROM
          pg_catalog.clock_timestamp() - pg_catalog.pg_last_xact_replay_timestamp()) * 1000000)
      END::bigint::text AS behind
    """

  /// What this server is, for people.
  package func standby() throws(Diagnostic) -> String {
    let most = maxLag.map { " (max_lag: \(Self.text(Int64($0) * 1_000_000)))" } ?? ""
    switch try replay() {
    case .primary: return "the primary"
    case .unknown: return "a standby that cannot say how far it is behind\(most)"
    case .behind(let time): return "a standby, \(Self.text(time)) behind\(most)"
    }
  }

  /// Throws `busy` if the rows are older than is allowed.
  func refuseStale() throws(Diagnostic) {
    guard let maxLag else { return }
    let how: String
    switch try replay() {
    case .primary: return
    case .unknown: how = "cannot say how far it is behind its primary"
    case .behind(let time):
      if time <= Int64(maxLag) * 1_000_000 { return }
      how = "is \(Self.text(time)) behind its primary"
    }
    throw Diagnostic(
      .busy,
      "\(title) is a standby that \(how), and max_lag is"
        + " \(Self.text(Int64(maxLag) * 1_000_000)) (\(connection.target))",
      hint: "run again when it has caught up; to see how far it is: yearbook doctor")
  }

  /// `40 s`, `12 min`, `3 h`
  private static func text(_ microseconds: Int64) -> String {
    let seconds = microseconds / 1_000_000
    if seconds < 120 { return "\(seconds) s" }
    return seconds < 7_200 ? "\(seconds / 60) min" : "\(seconds / 3_600) h"
  }
}

/// How often a standby has ended this source's statements because its primary's changes had to be
/// replayed (a recovery conflict). It happens again to a statement that takes as long.
package final class RecoveryConflicts: Sendable {
  private let count = Locked(0)
  /// So many are tried again on the standby.
  private static let patience = 2

  package init() {}

  /// Counts an error, if it is one.
  func note(_ error: any Error) {
    // A snapshot that only reads has no other serialization failure.
    guard ((error as? Diagnostic)?.underlying as? PostgresError)?.sqlState == "40001" else {
      return
    }
    count.withLock { $0 += 1 }
  }

  /// Whether another server should be asked.
  package var areMany: Bool { count.withLock { $0 >= Self.patience } }
}
