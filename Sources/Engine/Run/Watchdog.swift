import Basics
import Foundation
import Synchronization

/// Looks after a run from a thread of its own: passes the wish to stop on to statements that wait for a
/// server, and asks now and then whether the run was cancelled from elsewhere.
final class Watchdog: Sendable {
  private let isStopped = Atomic<Bool>(false)

  /// - Parameters:
  ///   - interrupt: stops what waits for a server; called again until the run has ended, as a wish that
  ///     meets no statement is lost.
  ///   - isCancelled: asks the record; called each second.
  init(
    _ cancellation: Cancellation, interrupt: @escaping @Sendable () -> Void,
    isCancelled: @escaping @Sendable () -> Bool
  ) {
    let thread = Thread { [self] in
      var asked = Date()
      while !isStopped.load(ordering: .relaxed) {
        Thread.sleep(forTimeInterval: 0.1)
        if cancellation.isRequested {
          interrupt()
        } else if Date().timeIntervalSince(asked) >= 1 {
          asked = Date()
          if isCancelled() { cancellation.request() }
        }
      }
    }
    thread.name = "yearbook-watchdog"
    thread.start()
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }
}
