import CLibPQ
import Synchronization

/// Interrupts the statement that a connection runs. Any thread can use it.
///
/// `@unchecked Sendable`: the PGcancel does not change after its creation, libpq documents PQcancel
/// as safe from any thread, and the flag is atomic.
package final class CancelToken: @unchecked Sendable {
  private let handle: OpaquePointer
  private let used = Atomic<Bool>(false)
  /// How many requests are on their way. A statement that begins meanwhile can be the one that they
  /// stop.
  private let underWay = Atomic<Int>(0)

  init?(_ connection: OpaquePointer) {
    guard let handle = PQgetCancel(connection) else { return nil }
    self.handle = handle
  }

  deinit { PQfreeCancel(handle) }

  /// Asks the server to stop the current statement, which then throws `.interrupted`. A statement
  /// that ends at the same moment is not stopped.
  ///
  /// - Returns: Whether the request was sent.
  @discardableResult
  package func cancel() -> Bool {
    underWay.add(1, ordering: .sequentiallyConsistent)
    let isSent = send()
    // After the request, as a statement that began meanwhile has taken back what was said before.
    used.store(true, ordering: .sequentiallyConsistent)
    underWay.subtract(1, ordering: .sequentiallyConsistent)
    return isSent
  }

  /// Stops the statement for the connection itself, which reports the reason.
  @discardableResult
  func send() -> Bool {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { message in
      PQcancel(handle, message.baseAddress, Int32(message.count)) == 1
    }
  }

  var wasUsed: Bool {
    underWay.load(ordering: .sequentiallyConsistent) > 0
      || used.load(ordering: .sequentiallyConsistent)
  }

  func reset() { used.store(false, ordering: .sequentiallyConsistent) }
}
