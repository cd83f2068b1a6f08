import Diagnostics
import Foundation

/// How long one stage of one partition may take; looked at between pieces of work, as the wish to stop is.
struct Deadline: Sendable {
  private let seconds: Int
  private let end: Date

  /// Begins now.
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
