import Diagnostics

/// What one trial of `doctor` found.
struct Finding: Encodable {
  enum State: String, Encodable {
    case ok
    /// It works, but hardly as it is meant.
    case warning
    /// A night would fail, or be wrong.
    case fault
  }

  /// What was tried, such as `source`.
  var subject: String
  var state: State
  var text: String
  /// What to do about it. `nil` if nothing is to be done, or nobody knows.
  var whatToDo: String?
}

/// Gathers findings, and tells each as soon as it is there: some trials take a second.
struct Findings {
  /// Who is told.
  enum Listener {
    /// People: a line for each finding, and one for what to do.
    case people
    /// People who want to hear of faults and warnings only.
    case peopleInHaste
    /// A program, at the end.
    case program
  }

  private(set) var all: [Finding] = []
  private let listener: Listener
  private let out = Console.standardOutput

  init(for listener: Listener) { self.listener = listener }

  var faultCount: Int { all.count { $0.state == .fault } }

  mutating func note(_ subject: String, _ text: String) {
    add(Finding(subject: subject, state: .ok, text: text))
  }

  mutating func warn(_ subject: String, _ text: String, whatToDo: String?) {
    add(Finding(subject: subject, state: .warning, text: text, whatToDo: whatToDo))
  }

  mutating func fault(_ subject: String, _ text: String, whatToDo: String?) {
    add(Finding(subject: subject, state: .fault, text: text, whatToDo: whatToDo))
  }

  /// Tries something. What it returns is found to be well; what it throws is a fault.
  ///
  /// - Returns: Whether it is well.
  @discardableResult
  mutating func check(_ subject: String, _ body: () throws -> String) -> Bool {
    do {
      note(subject, try body())
      return true
    } catch {
      add(error, to: subject)
      return false
    }
  }

  /// Adds an error as a fault, or as one for each of several.
  mutating func add(_ error: any Error, to subject: String) {
    switch error {
    case let error as Diagnostic: fault(subject, error.description, whatToDo: error.hint)
    case let errors as Diagnostics:
      for error in errors.all { fault(subject, error.description, whatToDo: error.hint) }
    default: fault(subject, "\(error)", whatToDo: nil)
    }
  }

  private mutating func add(_ finding: Finding) {
    all.append(finding)
    if listener == .program || (listener == .peopleInHaste && finding.state == .ok) { return }
    let style: Console.Style =
      switch finding.state {
      case .ok: .green
      case .warning: .yellow
      case .fault: .red
      }
    let word = finding.state.rawValue
    let mark = out.styled(word, style) + String(repeating: " ", count: max(1, 9 - word.count))
    let count = max(1, 14 - finding.subject.count)
    out.line(mark + finding.subject + String(repeating: " ", count: count) + finding.text)
    if let whatToDo = finding.whatToDo {
      out.line(String(repeating: " ", count: 23) + "what to do: \(whatToDo)")
    }
  }

  /// The form of `doctor --json`.
  private struct Whole: Encodable {
    var faults: Int
    var findings: [Finding]
  }

  /// Writes all of them for a program, if that is who listens.
  func finish() throws {
    guard listener == .program else { return }
    try out.json(Whole(faults: faultCount, findings: all))
  }
}
