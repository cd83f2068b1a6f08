import Diagnostics
import Foundation
import Postgres

/// Claims on partitions, so that several runs on one record never do the same work at once.
///
/// A claim is an advisory lock of a session: a death on any host frees it with its connection.
final class Claims: Sendable {
  private let conninfo: String
  private let session: Locked<Connection>

  init(_ conninfo: String) throws {
    self.conninfo = conninfo
    session = Locked(try Connection(conninfo, application: "yearbook claims"))
  }

  /// Takes the claim on a partition; waits for another run that holds it.
  ///
  /// - Returns: What gives the claim back, to be called once the partition's release is out.
  func take(
    tenant: String, pipeline: String, period: String
  ) throws -> @Sendable () throws -> Void {
    let key = AdvisoryKey(["yearbook", "partition", tenant, pipeline, period])
    let isFree = try session.withLock { session throws(Diagnostic) in try session.tryLock(key) }
    if isFree {
      return { [session] in
        try session.withLock { session throws(Diagnostic) in try session.unlock(key) }
      }
    }
    // A session of its own, so that waiting for this partition does not hold up the others.
    let waiting = try Connection(
      conninfo, application: "yearbook claims", settings: SessionSettings(lockTimeout: 3_600_000))
    try waiting.lock(key)
    let held = Locked(waiting)
    return { try held.withLock { session throws(Diagnostic) in try session.unlock(key) } }
  }

  /// Takes the lock that makes a schedule's run exclusive; it lasts as long as this object.
  ///
  /// Throws `busy` where another run holds it.
  func takeSchedule(_ name: String) throws {
    let key = AdvisoryKey(["yearbook", "schedule", name])
    let isFree = try session.withLock { session throws(Diagnostic) in try session.tryLock(key) }
    guard isFree else {
      throw Diagnostic(
        .busy, "another run of '\(name)' is under way",
        hint: "wait for it: `yearbook status` shows how far it is")
    }
  }
}
