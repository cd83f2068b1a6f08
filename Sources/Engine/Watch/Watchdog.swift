import Basics
import Foundation
import Synchronization

/// Watches a run from its own thread. It passes the wish to stop on to statements that wait for a
/// server, and asks the record every second whether the run was cancelled.
final class Watchdog: Sendable {
  private let isStopped = Atomic<Bool>(false)

  /// - Parameters:
  ///   - interrupt: stops a statement that waits for a server. It is called again until the run has
  ///     ended, because a call has no effect if no statement is running.
  ///   - isCancelled: asks the record; called every second.
  init(
    _ cancellation: Cancellation, interrupt: @escaping @Sendable () -> Void,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws {
    try WorkerThread.start("yearbook-watch") { [self] in
      var asked = Stopwatch()
      while !isStopped.load(ordering: .relaxed) {
        Thread.sleep(forTimeInterval: 0.1)
        if cancellation.isRequested {
          interrupt()
        } else if asked.seconds >= 1 {
          asked = Stopwatch()
          if isCancelled() { cancellation.request() }
        }
      }
    }
  }

  func stop() { isStopped.store(true, ordering: .relaxed) }
}

extension Watchdog {
  /// Watches over a run that can be cancelled from elsewhere, by the record.
  convenience init(
    _ cancellation: Cancellation, of run: String, asking record: Locked<RunRecord>,
    _ state: RunState, _ interruption: Interruption
  ) throws {
    try self.init(cancellation) {
      interruption.interrupt()
    } isCancelled: {
      record.withLock { record in
        do {
          return try record.isCancelled(
            run, doing: state.activity, state.counts, measures: state.measures.json())
        } catch {
          // The sessions that do the work will meet and report the same failure.
          return false
        }
      }
    }
  }
}
