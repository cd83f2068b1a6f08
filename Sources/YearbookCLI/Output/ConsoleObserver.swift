import Basics
import Diagnostics
import Engine
import Foundation
import Pipelines

/// Shows a run to people: a live display on a terminal, elsewhere plain lines with the time.
final class ConsoleObserver: RunReporter {
  private struct State {
    var display: LiveDisplay?
    var progress = RunProgress()
    var lastTold: [String: Stopwatch] = [:]
    var lastLine = Stopwatch()
    /// How often each message occurred; after `mostAlike` times it is only counted.
    var failures: [String: Int] = [:]
    var isFinished = false
  }

  private let isQuiet: Bool
  private let commandFlags: [String]
  private let console = Console.standardError
  private let state: Locked<State>
  /// In larger runs, releases are counted and not listed.
  private static let mostPublished = 200
  private static let mostAlike = 20

  /// - Parameter commandFlags: Stand in every command that the summary tells people to run.
  init(isQuiet: Bool, commandFlags: [String] = []) {
    self.isQuiet = isQuiet
    self.commandFlags = commandFlags
    let isLive = Console.standardError.canRedraw && !isQuiet
    state = Locked(State(display: isLive ? LiveDisplay(Console.standardError) : nil))
    guard isLive else { return }
    let thread = Thread { [weak self] in
      while let self, self.tick() { Thread.sleep(forTimeInterval: 0.5) }
    }
    thread.name = "yearbook-display"
    thread.start()
  }

  /// Redraws, so that the clock moves; `false` once the run has ended.
  private func tick() -> Bool {
    state.withLock { state in
      if !state.isFinished { state.display?.draw(state.progress) }
      return !state.isFinished
    }
  }

  func receive(_ event: RunEvent) {
    state.withLock { state in
      state.progress.note(event)
      show(event, &state)
    }
  }

  private func show(_ event: RunEvent, _ state: inout State) {
    switch event {
    case .began(let run, let partitions, let tenants):
      say(
        "run \(run): \(Figures.count(partitions, "partition")) of \(Figures.count(tenants, "tenant"))",
        &state)
    case .tried(let pipeline, let silent):
      let rest = silent.isEmpty ? "" : "; \(SilentQueries.text(silent))"
      say("isolation trial passed: \(pipeline)\(rest)", &state)
    case .replayed(let partitions, let run):
      say("\(Figures.count(partitions, "partition")) with the rows that run \(run) read", &state)
    case .fingerprinted(let tables, let unchanged, let partitions, let seconds, let fault):
      say(
        "fingerprints of \(Figures.count(tables, "table")) in \(Figures.duration(seconds)):"
          + " \(Figures.count(unchanged)) of \(Figures.count(partitions, "partition"))"
          + " have the rows of an earlier run", &state)
      if let fault {
        say(
          "a table has no fingerprint, so what reads it is read in full: \(fault.message)", &state)
      }
    case .extracted(let pipeline, let period, let tenants, let rows, let seconds):
      say(
        "extracted \(pipeline) \(period): \(Figures.count(rows, "row")) of"
          + " \(Figures.count(tenants, "tenant")) in \(Figures.duration(seconds))", &state)
    case .stageBegan, .stageEnded: state.display?.draw(state.progress)
    case .progress(_, let partition, _, _, _): tellNowAndThen(partition, &state)
    case .warning(let partition, let warning):
      say(
        "\(console.styled("warning", .yellow)) \(partition): \(warning.subject): \(warning.message)",
        &state)
    case .ended(let partition, let outcome, _, let total):
      switch outcome {
      case .published(_, let bytes) where total <= Self.mostPublished:
        say("published \(partition), \(Counted.bytes(bytes))", &state)
      case .withdrawn:
        say("\(partition) was withdrawn and stays so", &state)
      case .published, .unchanged: state.display?.draw(state.progress)
      case .failed(let failure): fail(failure, &state)
      case .skipped(let pipeline):
        fail("skipped", "\(partition): \(pipeline) failed", nil, &state, like: "skipped")
      }
      tellHowFar(&state)
    case .refused(let fault): fail(fault, &state)
    case .mirrored(let summary):
      for failure in summary.failures { fail(failure, &state) }
      if summary.tenants > 0 { say("mirrored \(summary.told)", &state) }
    case .finished:
      state.isFinished = true
      state.display?.clear()
      tellUntold(state)
    }
  }

  private func fail(_ failure: Diagnostic, _ state: inout State) {
    fail("failed", failure.description, failure.hint, &state, like: failure.message)
  }

  private func fail(
    _ word: String, _ text: String, _ hint: String?, _ state: inout State, like message: String
  ) {
    state.failures[message, default: 0] += 1
    guard state.failures[message, default: 0] <= Self.mostAlike else { return }
    state.display?.clear()
    let style: Console.Style = word == "failed" ? .red : .yellow
    console.line(stamp(state) + console.styled(word, style) + " " + text)
    if let hint { console.line("         what to do: \(hint)") }
    state.display?.draw(state.progress)
  }

  /// Prints how many failures were only counted.
  private func tellUntold(_ state: State) {
    for (message, count) in state.failures.sorted(by: { $0.key < $1.key })
    where count > Self.mostAlike {
      console.line(
        stamp(state) + "\(Figures.count(count - Self.mostAlike)) more failed like this: \(message)")
    }
  }

  private func say(_ text: String, _ state: inout State) {
    guard !isQuiet else { return }
    state.display?.clear()
    console.line(stamp(state) + text)
    state.lastLine = Stopwatch()
    state.display?.draw(state.progress)
  }

  private func stamp(_ state: State) -> String {
    if state.display != nil { return "" }
    return Date().formatted(.iso8601.time(includingFractionalSeconds: false)) + " "
  }

  /// Without a live display, prints the progress of long work every ten seconds.
  private func tellNowAndThen(_ partition: String, _ state: inout State) {
    if state.display != nil {
      state.display?.draw(state.progress)
    } else if (state.lastTold[partition] ?? state.progress.running).seconds >= 10 {
      state.lastTold[partition] = Stopwatch()
      say("\(partition): \(state.progress.active[partition] ?? "")", &state)
    }
  }

  /// Without a live display, prints the run's progress after 30 seconds without another line.
  private func tellHowFar(_ state: inout State) {
    if state.display == nil, state.lastLine.seconds >= 30 {
      say(state.progress.headline, &state)
    }
  }

  /// Prints at most ten lines. The last one says what to do next.
  func finish(_ summary: RunSummary) {
    let out = Console.standardOutput
    let counts = summary.counts
    let isMirrored = summary.mirroring?.failures.isEmpty ?? true
    if isQuiet, summary.state == "done", isMirrored { return }
    out.line()
    out.line(
      "\(out.styled(summary.state, summary.state == "done" ? .green : .red)) run \(summary.run) of"
        + " \(summary.name) as of \(summary.moment) in \(Figures.duration(summary.seconds))")
    out.line(
      "  partitions  \(Figures.count(counts.published)) published, \(Figures.count(counts.unchanged))"
        + " unchanged, \(Figures.count(counts.failed)) failed"
        + (counts.skipped > 0 ? ", \(Figures.count(counts.skipped)) skipped" : ""))
    out.line(
      "  stages      \(Figures.count(counts.stagesRun)) run, \(Figures.count(counts.stagesFound)) found done"
    )
    if counts.warnings > 0 {
      out.line("  warnings    \(Figures.count(counts.warnings)): see `yearbook status`")
    }
    let slow = summary.stageSeconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    if !slow.isEmpty {
      out.line(
        "  time        "
          + slow.prefix(5).map { "\($0.key) \(Figures.duration($0.value))" }.joined(separator: ", ")
          + " (all threads)")
    }
    if let mirroring = summary.mirroring, !mirroring.failures.isEmpty {
      out.line(
        "  mirror      \(Figures.count(mirroring.failures.count, "failure")); to try again: "
          + CommandText.yearbook(["mirror"], flags: commandFlags))
    }
    if summary.state == "failed" {
      out.line(
        "  next        " + CommandText.yearbook(["retry", summary.run], flags: commandFlags))
    } else if summary.wasInterrupted {
      out.line("  next        give the same command again; finished work is kept")
    }
  }
}

/// What the isolation trial could not show anything about.
enum SilentQueries {
  /// `query a returned no rows in the trial`, `queries a, b returned no rows in the trial`
  static func text(_ names: [String]) -> String {
    "\(names.count == 1 ? "query" : "queries") \(names.joined(separator: ", "))"
      + " returned no rows in the trial"
  }
}
