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
  /// When the first partition ended, in seconds of `running`.
  private var firstEnd: Double?

  mutating func note(_ event: RunEvent) {
    switch event {
    case .began(_, let partitions, _):
      total = partitions
      running = Stopwatch()
      firstEnd = nil
    case .stageBegan(let stage, let partition): active[partition] = stage
    case .stageEnded(_, let partition, _, _): active[partition] = nil
    case .progress(let stage, let partition, let done, let total, let what):
      active[partition] = "\(stage) \(done)/\(total) \(what)"
    case .ended(let partition, let outcome, let done, let total):
      active[partition] = nil
      (self.done, self.total) = (done, total)
      if firstEnd == nil { firstEnd = running.seconds }
      switch outcome {
      case .failed, .skipped: failed += 1
      case .published, .unchanged, .withdrawn: break
      }
    case .refused: failed += 1
    case .tried, .replayed, .fingerprinted, .extracted, .warning, .mirrored, .finished: break
    }
  }

  /// `1,234/10,000 done · 2 failed · 41 per second · 30 s · about 4 min 20 s left`
  var headline: String { headline(after: running.seconds) }

  func headline(after seconds: Double) -> String {
    var parts = ["\(Figures.count(done))/\(Figures.count(total)) done"]
    if failed > 0 { parts.append("\(Figures.count(failed)) failed") }
    if done > 0, seconds >= 1 { parts.append(Self.rate(Double(done) / seconds)) }
    parts.append(Figures.duration(seconds))
    if let left = secondsLeft(after: seconds) { parts.append("about \(Self.rounded(left)) left") }
    return parts.joined(separator: " · ")
  }
}

extension RunProgress {
  /// How long the rest takes at the pace since the first partition ended. Before that rows are read
  /// and queries are tried, and no partition can end, so this time says nothing of the pace.
  ///
  /// `nil` while too little has ended to say it: the first to end are few, and not like the others.
  private func secondsLeft(after seconds: Double) -> Double? {
    guard let firstEnd, done < total, seconds - firstEnd >= Self.leastSeconds,
      done >= max(Self.leastEnded, total / 20)
    else { return nil }
    return (seconds - firstEnd) / Double(done) * Double(total - done)
  }

  private static let leastSeconds = 10.0
  private static let leastEnded = 5

  /// `50 s`, `4 min 20 s`, `24 min`: no more exact than an estimate is.
  private static func rounded(_ seconds: Double) -> String {
    if seconds < 600 { return Figures.duration(max(10, (seconds / 10).rounded() * 10)) }
    let minutes = Int((seconds / 60).rounded())
    return minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
  }

  /// `41 per second`, `12 per minute`, `3 per hour`: never nothing of something.
  private static func rate(_ perSecond: Double) -> String {
    if perSecond >= 2 { return "\(Figures.count(Int(perSecond))) per second" }
    if perSecond * 60 >= 1 { return "\(Figures.count(Int(perSecond * 60))) per minute" }
    return "\(Figures.count(max(1, Int(perSecond * 3600)))) per hour"
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
