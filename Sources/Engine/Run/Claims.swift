import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres

/// Claims on partitions, so that several runs on one record never do the same work at once.
///
/// A claim is an advisory lock of a session: a death on any host frees it with its connection.
final class Claims: Sendable {
  private let session: Locked<Connection>

  init(_ conninfo: String) throws {
    let connection = try Connection(conninfo, application: "yearbook claims")
    // The lease: a host whose network is cut loses its session, and with it its claims, within 25 s.
    try connection.execute(
      "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    session = Locked(connection)
  }

  /// A claim that was taken.
  struct Claim: Sendable {
    fileprivate let key: AdvisoryKey
    fileprivate let session: Locked<Connection>

    /// To be called once the partition's release is out.
    func giveBack() throws {
      try session.withLock { session throws(Diagnostic) in try session.unlock(key) }
    }
  }

  /// Gives several back at once.
  func giveBack(_ claims: [Claim]) throws {
    guard !claims.isEmpty else { return }
    try session.withLock { session throws(Diagnostic) in try session.unlock(claims.map(\.key)) }
  }

  /// The claim on a partition, or `nil` where another run is working on it right now.
  func take(_ partition: RunPlan.Partition) throws -> Claim? {
    let key = AdvisoryKey([
      "yearbook", "partition", partition.tenant.id, partition.pipeline.name,
      partition.period.description,
    ])
    return try session.withLock { session throws(Diagnostic) in
      try session.tryLock(key) ? Claim(key: key, session: self.session) : nil
    }
  }

  /// The claim on a partition, once another run's work on it has ended.
  func await(_ partition: RunPlan.Partition, _ cancellation: Cancellation) throws -> Claim {
    var pause = 0.02
    while true {
      if let claim = try take(partition) { return claim }
      try Backoff.sleep(pause, cancellation)
      pause = min(0.5, pause * 1.5)
    }
  }

  /// Takes the lock that makes a schedule's run exclusive; it lasts as long as this object.
  ///
  /// - Parameter seconds: how long to wait for a run that holds it. A moment is always waited, in which the
  ///   server notices that a killed one is gone.
  /// - Returns: whether it was taken.
  func takeSchedule(
    _ name: String, waiting seconds: Double, _ cancellation: Cancellation
  ) throws -> Bool {
    let key = AdvisoryKey(["yearbook", "schedule", name])
    let end = Date(timeIntervalSinceNow: max(0.3, seconds))
    while true {
      let isFree = try session.withLock { session throws(Diagnostic) in try session.tryLock(key) }
      if isFree { return true }
      if Date() >= end { return false }
      try Backoff.sleep(0.1, cancellation)
    }
  }

  /// Keeps erasures away for as long as this object lives; see `Standstill`.
  ///
  /// - Throws: `busy` if one is under way for so many seconds.
  func refuseStandstill(waiting seconds: Double, _ cancellation: Cancellation) throws {
    let end = Date(timeIntervalSinceNow: seconds)
    while true {
      let isFree = try session.withLock { session throws(Diagnostic) in
        try session.query(
          "SELECT pg_catalog.pg_try_advisory_lock_shared($1) AS taken",
          [String(Standstill.key.value)]
        ).only().bool("taken")
      }
      if isFree { return }
      guard Date() < end else {
        throw Diagnostic(
          .busy, "a tenant or a person is being erased", hint: "run the same command again later")
      }
      try Backoff.sleep(0.1, cancellation)
    }
  }

  /// Throws `unavailable` where the session, and with it every claim, is lost.
  func check() throws {
    try session.withLock { session throws(Diagnostic) in
      guard session.isOpen else {
        throw Diagnostic(
          .unavailable, "the session that held the claims was lost",
          hint: "finished work is kept: run the same command again", isTransient: true)
      }
      try session.query("SELECT 1")
    }
  }
}
