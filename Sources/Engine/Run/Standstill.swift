import Diagnostics
import Foundation
import Postgres

/// While it lives no run begins, on any host that shares the record: for what must not meet a publisher, such as
/// erasing or renaming a tenant.
///
/// Runs hold the same advisory lock with others; a death on any host frees it with its session.
package final class Standstill {
  static let key = AdvisoryKey(["yearbook", "standstill"])
  private let session: Connection

  /// Waits a moment, in which the server notices that a killed run is gone.
  ///
  /// - Parameter conninfo: The record's.
  /// - Throws: `.busy` while a run is under way, or another standstill.
  package init(record conninfo: String) throws {
    session = try Connection(conninfo, application: "yearbook standstill")
    let end = Date(timeIntervalSinceNow: 1)
    while try !session.tryLock(Self.key) {
      guard Date() < end else {
        try RunRecord(conninfo).refuseWhileRunning()
        throw Diagnostic(
          .busy, "a run or an erasure is under way", hint: "wait until it ends: yearbook status")
      }
      Thread.sleep(forTimeInterval: 0.1)
    }
  }
}
