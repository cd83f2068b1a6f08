import Basics
import Diagnostics

/// Limits how long one stage of one partition can take. It is checked between pieces of work, like
/// cancellation.
struct Deadline: Sendable {
  private let seconds: Int
  private let running = Stopwatch()

  /// The time starts now.
  init(seconds: Int) { self.seconds = seconds }

  func check() throws(Diagnostic) {
    guard running.seconds > Double(seconds) else { return }
    throw Diagnostic(
      .unavailable, "the stage took longer than \(seconds) s and was stopped",
      hint: "finished pieces are kept: run it again, or raise timeouts.stage in yearbook.yaml"
    )
  }
}
