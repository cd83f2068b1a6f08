import Diagnostics
import Media

extension Findings {
  /// The sandbox, and limits that are lower than a long film may need.
  mutating func sandbox() {
    let isThere = check("sandbox") {
      try SandboxTrial.check()
      return "media can be decoded without rights"
    }
    guard isThere else { return }
    for limit in SandboxTrial.lowerLimits() {
      warn("limits", limit, whatToDo: "raise it, or some recordings fail as the machine's fault")
    }
  }
}
