import Diagnostics
import Engine
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the process at once.
enum Signals {
  static let cancellation = Cancellation()
  private static let received = Atomic<Int32>(0)

  /// 130 after SIGINT, 143 after SIGTERM.
  static var exitCode: Int32 { 128 + max(received.load(ordering: .relaxed), SIGINT) }

  static func watch() {
    for number in [SIGINT, SIGTERM] {
      // Only what is safe in a signal's handler: atomics and _exit.
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Signals.cancellation.request()
      }
    }
  }
}
