/// Calls of one function for 0 ..< count, which several threads share.
///
/// A thread can live a little longer than its work, so `end` lets go of the function.
package final class SharedCalls: Sendable {
  private struct State {
    var next = 0
    var body: (@Sendable (Int) throws -> Void)?
    var failed: (index: Int, error: any Error)?
  }

  private let count: Int
  private let state: Locked<State>

  package init(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
    self.count = count
    state = Locked(State(body: body))
  }

  /// Makes calls until none is left. Each thread that helps calls it once.
  package func run() {
    while true {
      let (index, body) = state.withLock { state in
        defer { state.next += 1 }
        return (state.next, state.body)
      }
      guard index < count, let body else { return }
      do {
        try body(index)
      } catch {
        state.withLock { state in
          if state.failed.map({ index < $0.index }) ?? true { state.failed = (index, error) }
        }
      }
    }
  }

  /// Ends the work, after all threads have returned from `run`. Returns the failure with the lowest
  /// index.
  package func end() -> (any Error)? {
    state.withLock { state in
      state.body = nil
      return state.failed?.error
    }
  }
}
