import Basics
import Engine
import Foundation

/// How far a run is, from its events.
struct RunProgress {
  /// What is being done, by the partition's label.
  private(set) var active: [String: String] = [:]
  private(set) var done = 0
  private(set) var total = 0
  private(set) var failed = 0
  private(set) var running = Stopwatch()

  mutating func note(_ event: RunEvent) {
    switch event {
    case .began(_, let partitions, _):
      total = partitions
      running = Stopwatch()
    case .stageBegan(let stage, let partition): active[partition] = stage
    case .stageEnded(_, let partition, _, _): active[partition] = nil
    case .progress(let stage, let partition, let done, let total, let what):
      active[partition] = "\(stage) \(done)/\(total) \(what)"
    case .ended(let partition, let outcome, let done, let total):
      active[partition] = nil
      (self.done, self.total) = (done, total)
      switch outcome {
      case .failed, .skipped: failed += 1
      case .published, .unchanged: break
      }
    case .refused: failed += 1
    case .tried, .replayed, .fingerprinted, .extracted, .warning, .mirrored, .finished: break
    }
  }

  /// `1,234/10,000 done · 2 failed · 41 per second · 30 s · about 3 min 34 s left`
  var headline: String { headline(after: running.seconds) }

  func headline(after seconds: Double) -> String {
    var parts = ["\(Figures.count(done))/\(Figures.count(total)) done"]
    if failed > 0 { parts.append("\(Figures.count(failed)) failed") }
    if done > 0, seconds >= 1 {
      let rate = Double(done) / seconds
      parts.append(
        rate >= 2
          ? "\(Figures.count(Int(rate))) per second"
          : "\(Figures.count(Int(rate * 60))) per minute")
    }
    parts.append(Figures.duration(seconds))
    if done > 0, done < total {
      parts.append(
        "about \(Figures.duration(seconds / Double(done) * Double(total - done))) left")
    }
    return parts.joined(separator: " · ")
  }
}

/// Some lines at the end of a terminal that are drawn again and again.
struct LiveDisplay {
  private let console: Console
  private var drawn = 0
  private var last: Stopwatch?
  private static let mostActive = 6

  init(_ console: Console) { self.console = console }

  /// Draws, unless the lines are there and less than 0.1 s old.
  mutating func draw(_ progress: RunProgress) {
    if let last, drawn > 0, last.seconds < 0.1 { return }
    last = Stopwatch()
    var lines = [progress.headline]
    let active = progress.active.sorted { $0.key < $1.key }
    lines += active.prefix(Self.mostActive).map { "  \($0.key): \($0.value)" }
    if active.count > Self.mostActive {
      lines.append("  and \(active.count - Self.mostActive) more")
    }
    console.redraw(over: drawn, lines)
    drawn = lines.count
  }

  /// Erases the lines, to make room for other text.
  mutating func clear() {
    guard drawn > 0 else { return }
    console.redraw(over: drawn, [])
    drawn = 0
  }
}
