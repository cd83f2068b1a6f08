import Basics
import Diagnostics
import Foundation
import Postgres

/// While this object lives, no run begins on any host that shares the record. It is for work that
/// must not happen during publishing, such as erasing or renaming a tenant.
///
/// Runs hold the same advisory lock in shared mode. If a process dies, its session frees the lock.
package final class Standstill {
  static let key = AdvisoryKey(["yearbook", "standstill"])
  private let session: Connection

  /// Waits up to 1 s, in which the server notices that a killed run is gone.
  ///
  /// - Parameter conninfo: The record's connection string.
  /// - Throws: `.busy` while a run or another standstill is under way.
  package init(record conninfo: String) throws {
    session = try Connection(
      conninfo, application: "yearbook standstill", settings: RunRecord.settings())
    let waited = Stopwatch()
    while try !session.tryLock(Self.key) {
      guard waited.seconds < 1 else {
        try RunRecord(conninfo).refuseWhileRunning()
        throw Diagnostic(
          .busy, "a run or an erasure is under way", hint: "wait until it ends: yearbook status")
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
  }
}
