package import Diagnostics
import Synchronization

/// The wish to stop, set by a signal and looked at between pieces of work.
package final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  package init() {}

  package func request() { requested.store(true, ordering: .relaxed) }

  package var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Throws `interrupted` once the run is to stop.
  package func check() throws(Diagnostic) {
    if isRequested {
      throw Diagnostic(
        .interrupted, "the run was told to stop",
        hint: "run the same command again: what was done is kept")
    }
  }
}
