import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres

/// Claims on partitions, so that several runs on one record never do the same work at the same
/// time.
///
/// A claim is an advisory lock of a session. If the process dies on any host, its connection ends
/// and frees the claim.
final class Claims: Sendable {
  private let session: Locked<Connection>

  init(_ conninfo: String) throws {
    let connection = try Connection(
      conninfo, application: "yearbook claims", settings: RunRecord.settings())
    // A host whose network is cut loses its session, and its claims with it, within 25 s.
    try connection.execute(
      "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    session = Locked(connection)
  }

  /// A claim that this run holds.
  struct Claim: Sendable {
    fileprivate let key: AdvisoryKey
    fileprivate let session: Locked<Connection>

    /// Frees the claim, once the partition's release is published.
    func giveBack() throws {
      try session.withLock { session throws(Diagnostic) in try session.unlock(key) }
    }
  }

  /// Frees several claims at once.
  func giveBack(_ claims: [Claim]) throws {
    guard !claims.isEmpty else { return }
    try session.withLock { session throws(Diagnostic) in try session.unlock(claims.map(\.key)) }
  }

  /// The claim on a partition; `nil` if another run is working on it now.
  func take(_ partition: PartitionKey) throws -> Claim? {
    let key = AdvisoryKey(["yearbook", "partition"] + partition.values)
    return try session.withLock { session throws(Diagnostic) in
      try session.tryLock(key) ? Claim(key: key, session: self.session) : nil
    }
  }

  /// The claims on partitions on which no other run is working now, with one question to the
  /// server.
  func take(_ partitions: [PartitionKey]) throws -> [PartitionKey: Claim] {
    let keys = partitions.map { AdvisoryKey(["yearbook", "partition"] + $0.values) }
    let taken = try session.withLock { session throws(Diagnostic) in try session.tryLock(keys) }
    var claims: [PartitionKey: Claim] = [:]
    for (partition, key) in zip(partitions, keys) where taken.contains(key.value) {
      claims[partition] = Claim(key: key, session: session)
    }
    return claims
  }

  /// Waits until no other run works on a partition, and takes its claim.
  func await(_ partition: PartitionKey, _ cancellation: Cancellation) throws -> Claim {
    var pause = 0.02
    while true {
      if let claim = try take(partition) { return claim }
      try Backoff.sleep(pause, cancellation)
      pause = min(0.5, pause * 1.5)
    }
  }

  /// Takes the lock that makes a schedule's run exclusive. It lasts as long as this object.
  ///
  /// - Parameter seconds: how long to wait for a run that holds it, at least 0.3 s, in which the
  ///   server notices that a killed run is gone.
  /// - Returns: whether the lock was taken.
  func takeSchedule(
    _ name: String, waiting seconds: Double, _ cancellation: Cancellation
  ) throws -> Bool {
    let key = AdvisoryKey(["yearbook", "schedule", name])
    let waited = Stopwatch()
    while true {
      let isFree = try session.withLock { session throws(Diagnostic) in try session.tryLock(key) }
      if isFree { return true }
      if waited.seconds >= max(0.3, seconds) { return false }
      try Backoff.sleep(0.1, cancellation)
    }
  }

  /// Keeps other runs of a schedule away, except those of its run shards, as long as this object
  /// lives.
  ///
  /// - Returns: whether no run has the schedule for itself, at the latest after `seconds`.
  func shareSchedule(
    _ name: String, waiting seconds: Double, _ cancellation: Cancellation
  ) throws -> Bool {
    let key = AdvisoryKey(["yearbook", "schedule", name])
    let waited = Stopwatch()
    while true {
      let isFree = try session.withLock { session throws(Diagnostic) in
        try session.query(
          "SELECT pg_catalog.pg_try_advisory_lock_shared($1) AS taken", [String(key.value)]
        ).only().bool("taken")
      }
      if isFree { return true }
      if waited.seconds >= max(0.3, seconds) { return false }
      try Backoff.sleep(0.1, cancellation)
    }
  }

  /// Keeps erasures away as long as this object lives; see `Standstill`.
  ///
  /// - Throws: `busy` if an erasure is still under way after `seconds`.
  func refuseStandstill(waiting seconds: Double, _ cancellation: Cancellation) throws {
    let waited = Stopwatch()
    while true {
      let isFree = try session.withLock { session throws(Diagnostic) in
        try session.query(
          "SELECT pg_catalog.pg_try_advisory_lock_shared($1) AS taken",
          [String(Standstill.key.value)]
        ).only().bool("taken")
      }
      if isFree { return }
      guard waited.seconds < seconds else {
        throw Diagnostic(
          .busy, "a tenant or a person is being erased", hint: "run the same command again later")
      }
      try Backoff.sleep(0.1, cancellation)
    }
  }

  /// Throws `unavailable` if the session, and with it every claim, was lost.
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
