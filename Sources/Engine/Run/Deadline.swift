import Diagnostics
import Foundation

/// Limits how long one stage of one partition can take. It is checked between pieces of work, like
/// cancellation.
struct Deadline: Sendable {
  private let seconds: Int
  private let end: Date

  /// The time starts now.
  init(seconds: Int) {
    self.seconds = seconds
    end = Date(timeIntervalSinceNow: Double(seconds))
  }

  func check() throws(Diagnostic) {
    guard Date() > end else { return }
    throw Diagnostic(
      .unavailable, "the stage took longer than \(seconds) s and was stopped",
      hint: "finished pieces are kept: run it again, or raise timeouts.stage in yearbook.yaml"
    )
  }
}
