import Diagnostics
import Engine
import Foundation
import Pipelines

/// Shows a run: one live line on a terminal, plain lines with the time elsewhere, failures in place.
///
/// `@unchecked Sendable`: the engine tells one event at a time, and `finish` comes after the last.
final class ConsoleObserver: RunObserver, @unchecked Sendable {
  private let isQuiet: Bool
  private let console = Console.standardError
  private let isLive: Bool
  private var active: [String: String] = [:]
  private var done = 0
  private var total = 0
  private var failed = 0
  private var began = Date()
  private var lastDrawn = Date.distantPast
  private var lastTold: [String: Date] = [:]

  init(isQuiet: Bool) {
    self.isQuiet = isQuiet
    isLive = Console.standardError.isTerminal && !isQuiet
  }

  func receive(_ event: RunEvent) {
    switch event {
    case .began(let run, let partitions, let tenants):
      total = partitions
      say(
        "run \(run): \(Figures.count(partitions, "partition")) of \(Figures.count(tenants, "tenant"))"
      )
    case .tried(let pipeline, let silent):
      let rest = silent.isEmpty ? "" : "; no row came of \(silent.joined(separator: ", "))"
      say("isolation trial passed: \(pipeline)\(rest)")
    case .extracted(let pipeline, let period, let tenants, let rows, let seconds):
      say(
        "extracted \(pipeline) \(period): \(Figures.count(rows, "row")) of"
          + " \(Figures.count(tenants, "tenant")) in \(Figures.duration(seconds))")
    case .stageBegan(let stage, let partition):
      active[partition] = stage
      draw()
    case .stageEnded(_, let partition, _, _):
      active[partition] = nil
      draw()
    case .progress(let stage, let partition, let done, let total, let what):
      active[partition] = "\(stage) \(done)/\(total) \(what)"
      tellNowAndThen(partition)
    case .warning(let partition, let warning):
      say(
        "\(console.styled("warning", .yellow)) \(partition): \(warning.subject): \(warning.message)"
      )
    case .ended(let partition, let outcome, let done, let total):
      active[partition] = nil
      (self.done, self.total) = (done, total)
      ended(partition, outcome)
    case .refused(let fault): fail(fault)
    case .finished: clear()
    }
  }

  private func ended(_ partition: String, _ outcome: RunEvent.Outcome) {
    switch outcome {
    case .published(_, let bytes): say("published \(partition), \(Figures.bytes(bytes))")
    case .unchanged: draw()
    case .failed(let failure):
      failed += 1
      fail(failure)
    case .skipped(let pipeline):
      failed += 1
      say("\(console.styled("skipped", .yellow)) \(partition): \(pipeline) failed")
    }
  }

  private func fail(_ failure: Diagnostic) {
    clear()
    console.line(stamp() + console.styled("failed ", .red) + failure.description)
    if let hint = failure.hint { console.line("         what to do: \(hint)") }
    draw()
  }

  private func say(_ text: String) {
    guard !isQuiet else { return }
    clear()
    console.line(stamp() + text)
    draw()
  }

  private func stamp() -> String {
    if isLive { return "" }
    return Date().formatted(.iso8601.time(includingFractionalSeconds: false)) + " "
  }

  /// Long work is heard of every ten seconds where nobody sees the live line.
  private func tellNowAndThen(_ partition: String) {
    if isLive {
      draw()
    } else if Date().timeIntervalSince(lastTold[partition] ?? began) >= 10 {
      lastTold[partition] = Date()
      say("\(partition): \(active[partition] ?? "")")
    }
  }

  private func draw() {
    guard isLive, Date().timeIntervalSince(lastDrawn) > 0.05 else { return }
    lastDrawn = Date()
    let elapsed = Date().timeIntervalSince(began)
    var text = "\(done)/\(total) done"
    if failed > 0 { text += ", \(failed) failed" }
    text += " · \(Figures.duration(elapsed))"
    if done > 0, done < total {
      text += " · about \(Figures.duration(elapsed / Double(done) * Double(total - done))) left"
    }
    for (partition, stage) in active.sorted(by: { $0.key < $1.key }) {
      text += " · \(partition) \(stage)"
    }
    console.write("\r\u{1B}[2K" + String(text.prefix(console.width - 1)))
  }

  private func clear() {
    if isLive { console.write("\r\u{1B}[2K") }
  }

  /// At most ten lines, which end with what to do.
  func finish(_ summary: RunSummary) {
    clear()
    let out = Console.standardOutput
    let counts = summary.counts
    if isQuiet, summary.state == "done" { return }
    out.line()
    out.line(
      "\(out.styled(summary.state, summary.state == "done" ? .green : .red)) run \(summary.run) of"
        + " \(summary.name) as of \(summary.moment) in \(Figures.duration(summary.seconds))")
    out.line(
      "  partitions  \(counts.published) published, \(counts.unchanged) unchanged, \(counts.failed) failed"
        + (counts.skipped > 0 ? ", \(counts.skipped) skipped" : ""))
    out.line("  stages      \(counts.stagesRun) run, \(counts.stagesFound) found done")
    if counts.warnings > 0 {
      out.line("  warnings    \(counts.warnings), in `yearbook status`")
    }
    let slow = summary.stageSeconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    if !slow.isEmpty {
      out.line(
        "  time        "
          + slow.prefix(5).map { "\($0.key) \(Figures.duration($0.value))" }.joined(separator: ", ")
          + " (all threads)")
    }
    if summary.state == "failed" {
      out.line("  next        yearbook retry \(summary.run)")
    } else if summary.wasInterrupted {
      out.line("  next        the same command again: what was done is kept")
    }
  }
}
