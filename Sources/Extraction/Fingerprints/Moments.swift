import Pipelines

/// The moments of one partition that move with the run, and the values of its rows around them.
///
/// A pipeline of scope `platform` has those of all its tenants' time zones. They count as one
/// stretch of time, and how they lie to each other is part of the key: so all of them move by the
/// same time, and it is enough to follow the stretch's ends.
struct Moments {
  private let places: [RunClock.Place: RunClock.Times]
  private var next: Int64?
  private var before: Int64?
  private var after: Int64?

  init(_ places: [RunClock.Place: RunClock.Times]) { self.places = places }

  /// Whether `previous_ends_at` can still move in any time zone.
  var isMoving: Bool { places.values.contains(where: \.isMoving) }

  mutating func add(next value: Int64?) { next = Self.least(next, value) }

  /// - Parameters:
  ///   - before: the greatest value that is not after the last `previous_ends_at`.
  ///   - after: the least value that is not before the first `previous_ends_at`.
  mutating func add(before earlier: Int64?, after later: Int64?) {
    before = Self.greatest(before, earlier)
    after = Self.least(after, later)
  }

  /// - Parameter inputs: all that decides the datasets apart from the moments.
  func state(_ reads: PipelineReads, _ inputs: KeyInputs) -> Fingerprints.State {
    var (inputs, found) = (inputs, self)
    let cutoffs = places.values.map(\.cutoff), ends = places.values.map(\.previousEnd)
    let (last, first) = (cutoffs.max() ?? 0, ends.min() ?? 0)
    var reach = Fingerprints.Reach(cutoff: last)
    guard reads.filesWithOtherUses.isEmpty else {
      // It decides `previous_ends_at` too.
      inputs.add("cut-off", distances { $0.cutoff })
      return .init(inputs: inputs, reach: reach, previousEnd: first)
    }
    if !reads.cutoff.isUnused {
      if places.count > 1 { inputs.add("distances of cut-offs", distances { last - $0.cutoff }) }
      found.addCutoff(reads.cutoff, last: last, first: cutoffs.min() ?? 0)
      reach.next = found.next
    }
    if !reads.previousEnd.isUnused {
      if places.count > 1 {
        inputs.add(
          "distances of the ends of the days that are compared",
          distances { $0.previousEnd - first })
      }
      let last = ends.max() ?? 0
      found.addPreviousEnd(reads.previousEnd, first: first, last: last)
      reach.previousEndFrom = found.before.map { $0 < first ? $0 + 1 : first }
      reach.previousEndTo = found.after.map { $0 > last ? $0 - 1 - (last - first) : first }
      // A value at the very moment: it is not worth a proof.
      if found.before.map({ $0 >= first }) ?? false || found.after.map({ $0 <= last }) ?? false {
        (reach.previousEndFrom, reach.previousEndTo) = (first, first)
      }
    }
    return .init(inputs: inputs, reach: reach, previousEnd: first)
  }

  private mutating func addCutoff(
    _ compared: PipelineReads.MovingMoment, last: Int64, first: Int64
  ) {
    for times in places.values {
      // Of a period that has ended, the scans looked beyond the cut-off.
      if !times.isMoving { add(next: last) }
      if compared.isComparedWithPeriod { add(next: times.period.filter { $0 >= first }.min()) }
      for unit in compared.units { add(next: times.windows[unit] ?? last) }
    }
  }

  private mutating func addPreviousEnd(
    _ compared: PipelineReads.MovingMoment, first: Int64, last: Int64
  ) {
    for times in places.values {
      // Of a period that has ended, the scans did not look around it. It stays where it is.
      if !times.isMoving { add(before: first, after: last) }
      if compared.isComparedWithPeriod {
        add(
          before: times.period.filter { $0 <= last }.max(),
          after: times.period.filter { $0 >= first }.min())
      }
    }
  }

  private func distances(_ distance: (RunClock.Times) -> Int64) -> String {
    places.map { "\($0.zone) \(distance($1))" }.sorted().joined(separator: " ")
  }

  private static func least(_ one: Int64?, _ other: Int64?) -> Int64? {
    [one, other].compactMap { $0 }.min()
  }

  private static func greatest(_ one: Int64?, _ other: Int64?) -> Int64? {
    [one, other].compactMap { $0 }.max()
  }
}
