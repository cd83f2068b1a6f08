import Basics
import Diagnostics
import Engine
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the process at once.
///
/// What is being worked on gets some seconds to end. Then the process goes all the same: whatever is killed
/// leaves the old release or the new one, and claims go with their sessions.
enum Signals {
  static let cancellation = Cancellation()
  private static let received = Atomic<Int32>(0)
  /// Less than the ten seconds after which service managers lose patience.
  private static let patience = 8.0

  /// 130 after SIGINT, 143 after SIGTERM.
  static var exitCode: Int32 { 128 + max(received.load(ordering: .relaxed), SIGINT) }

  static func watch() {
    // A parent that blocks signals, as some do on the thread that starts us, must not make us deaf.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    sigaddset(&wanted, SIGINT)
    sigaddset(&wanted, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in [SIGINT, SIGTERM] {
      // Only what is safe in a signal's handler: atomics and _exit.
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Signals.cancellation.request()
      }
    }
    let thread = Thread {
      while received.load(ordering: .relaxed) == 0 { Thread.sleep(forTimeInterval: 0.2) }
      Thread.sleep(forTimeInterval: patience)
      Console.standardError.line(
        "stopped in mid-work after \(Int(patience)) s; what was done is kept, the rest is done again"
      )
      _exit(exitCode)
    }
    thread.name = "yearbook-patience"
    thread.start()
  }
}
