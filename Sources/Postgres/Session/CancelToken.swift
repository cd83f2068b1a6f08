import CLibPQ
import Synchronization

/// Interrupts the statement a connection is running, from any thread.
///
/// `@unchecked Sendable`: the PGcancel is immutable after its creation and libpq documents PQcancel as
/// safe from any thread; the flag is atomic.
package final class CancelToken: @unchecked Sendable {
  private let handle: OpaquePointer
  private let used = Atomic<Bool>(false)

  init?(_ connection: OpaquePointer) {
    guard let handle = PQgetCancel(connection) else { return nil }
    self.handle = handle
  }

  deinit { PQfreeCancel(handle) }

  /// Asks the server to stop the current statement, which then throws `.interrupted`.
  ///
  /// - Returns: Whether the request was sent; a statement that ends at the same moment is not stopped.
  @discardableResult
  package func cancel() -> Bool {
    used.store(true, ordering: .sequentiallyConsistent)
    return send()
  }

  /// Stops the statement on behalf of the connection itself, which knows why.
  @discardableResult
  func send() -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
      PQcancel(handle, message.baseAddress, Int32(message.count)) == 1
    }
  }

  var wasUsed: Bool { used.load(ordering: .sequentiallyConsistent) }

  func reset() { used.store(false, ordering: .sequentiallyConsistent) }
}
