import Basics
import Diagnostics
import Engine
import Foundation
import Synchronization

/// Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the process at once.
///
/// The work in progress gets some seconds to end. Then the process ends anyway. A kill leaves the
/// old release or the new one, and claims end with their database sessions.
enum Signals {
  static let cancellation = Cancellation()
  private static let received = Atomic<Int32>(0)
  /// Seconds. Less than the ten seconds after which service managers kill.
  private static let patience = 8.0

  /// 130 after SIGINT, 143 after SIGTERM.
  static var exitCode: Int32 { 128 + max(received.load(ordering: .relaxed), SIGINT) }

  /// Installs the handlers and starts the thread that ends the process when its patience is over.
  static func watch() {
    // A parent can block signals in the thread that starts this process; unblock them.
    var wanted = sigset_t()
    sigemptyset(&wanted)
    sigaddset(&wanted, SIGINT)
    sigaddset(&wanted, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &wanted, nil)
    for number in [SIGINT, SIGTERM] {
      // Only what is safe in a signal handler: atomics and _exit.
      signal(number) { number in
        if Signals.received.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
        Signals.cancellation.request()
      }
    }
    let thread = Thread {
      while received.load(ordering: .relaxed) == 0 { Thread.sleep(forTimeInterval: 0.2) }
      Thread.sleep(forTimeInterval: patience)
      Console.standardError.line(
        "stopped after \(Int(patience)) s of waiting; finished work is kept, the next run does the rest"
      )
      _exit(exitCode)
    }
    thread.name = "yearbook-patience"
    thread.start()
  }
}
