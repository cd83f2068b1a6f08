import Foundation

/// A value that only one thread at a time can use: a database session, a count.
///
/// `@unchecked Sendable`: `value` is used only while the lock is held, and does not leave `body`.
package final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  /// Protects `value`.
  package init(_ value: Value) { self.value = value }

  /// Calls `body` with the value while the lock is held.
  package func withLock<Result, Failure: Error>(
    _ body: (inout Value) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}
