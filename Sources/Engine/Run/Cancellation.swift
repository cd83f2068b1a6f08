import Diagnostics
import Synchronization

/// The wish to stop, set by a signal and looked at between pieces of work.
public final class Cancellation: Sendable {
  private let requested = Atomic<Bool>(false)

  public init() {}

  public func request() { requested.store(true, ordering: .relaxed) }

  public var isRequested: Bool { requested.load(ordering: .relaxed) }

  /// Throws `interrupted` once the run is to stop.
  func check() throws(Diagnostic) {
    if isRequested {
      throw Diagnostic(
        .interrupted, "the run was told to stop",
        hint: "run the same command again: what was done is kept")
    }
  }
}
