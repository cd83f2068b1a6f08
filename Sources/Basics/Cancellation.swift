package import Diagnostics
import Synchronization

/// A request to stop. A signal sets it, and it is checked between pieces of work.
package final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  /// Not requested yet.
  package init() {}

  /// Requests the stop. Any thread can call it.
  package func request() { requested.store(true, ordering: .relaxed) }

  package var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Throws `interrupted` if the run must stop.
  package func check() throws(Diagnostic) {
    if isRequested {
      throw Diagnostic(
        .interrupted, "the run was told to stop",
        hint: "run the same command again: finished work is kept")
    }
  }
}
