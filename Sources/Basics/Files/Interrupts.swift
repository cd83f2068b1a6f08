import Glibc

/// Makes a system call, again as long as a signal interrupts it.
///
/// - Parameter call: Returns a negative number on failure, with the reason in `errno`.
/// - Returns: What the last call returned.
package func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}
