/// Puts the times of a recording's two streams on one timeline without jumps of its clock.
///
/// All times are in microseconds.
struct Timeline {
  /// A stream that jumps back further than this begins a new epoch.
  static let back: Int64 = 500_000
  /// A packet further than this ahead of both streams comes after a pause, or after its clock was
  /// changed.
  static let ahead: Int64 = 30_000_000
  /// The greatest length of a recording, one day. What is further ahead has another clock.
  static let day: Int64 = 86_400_000_000

  private struct Track {
    var epoch = 0
    var last: Int64?
    /// The end of the last packet on the timeline.
    var end: Int64 = 0
  }

  /// The offset that is added to the times of each epoch.
  private var offsets: [Int64] = [0]
  private var tracks = [Track(), Track()]
  private var end: Int64 = 0
  private let longest: Int64

  /// The time that was left out where the clock was changed, and where the first such place is.
  private(set) var leftOut: (count: Int, total: Int64, first: Int64) = (0, 0, 0)
  /// The time of all pauses that were kept: no packet came for more than half a minute.
  private(set) var paused: Int64 = 0

  /// - Parameter longest: How long the recording can be at most. A jump that leads beyond that is
  ///   one of its clock.
  init(longest: Int64 = Timeline.day) { self.longest = min(max(0, longest), Timeline.day) }

  /// Whether a packet is so far ahead of both streams that the other stream must tell why.
  func isFarAhead(_ time: Int64, track: Int) -> Bool {
    let start = time + offsets[tracks[track].epoch]
    return tracks[track].epoch == offsets.count - 1 && start > end + Timeline.ahead
      && start <= longest
  }

  /// Looks at the other stream's packets that follow a packet far ahead.
  func witness(_ time: Int64, track: Int) -> Witness {
    let other = tracks[1 - track]
    return Witness(
      start: time + offsets[tracks[track].epoch],
      end: tracks[track].last == nil ? nil : tracks[track].end,
      offset: offsets[other.epoch], otherEnd: other.end, hasBegun: other.last != nil)
  }

  /// The place of a packet with this `time`. A packet without a time follows the one before it.
  ///
  /// - Parameter isOtherClock: Whether a packet that is far ahead comes after a change of the
  ///   clock, and not after a pause.
  mutating func place(
    _ time: Int64?, length: Int64, track: Int, isOtherClock: Bool = false
  ) -> Int64 {
    guard let time else {
      let start = tracks[track].end
      advance(track, to: start + length)
      return start
    }
    if isJump(time, track, isOtherClock) { begin(time, track) }
    let start = time + offsets[tracks[track].epoch]
    if start > end + Timeline.ahead { paused += start - end }
    tracks[track].last = time
    advance(track, to: start + length)
    return start
  }

  private func isJump(_ time: Int64, _ track: Int, _ isOtherClock: Bool) -> Bool {
    let start = time + offsets[tracks[track].epoch]
    if start > end + Timeline.ahead {
      // In an older epoch: the other stream has jumped before.
      return isOtherClock || start > longest || tracks[track].epoch < offsets.count - 1
    }
    guard let last = tracks[track].last else { return false }
    return time < last - Timeline.back
  }

  /// Puts a stream into a new epoch, or into the one that the other stream has begun.
  private mutating func begin(_ time: Int64, _ track: Int) {
    let newest = offsets.count - 1
    let start = time + offsets[newest]
    let fits = start >= tracks[track].end - Timeline.back && start <= end + Timeline.ahead
    if tracks[track].epoch == newest || !fits {
      if tracks[track].last != nil, start > end + Timeline.ahead {
        if leftOut.count == 0 { leftOut.first = end }
        leftOut.count += 1
        leftOut.total = min(leftOut.total + start - end, 1 << 61)
      }
      offsets.append(end - time)
    }
    tracks[track].epoch = offsets.count - 1
  }

  private mutating func advance(_ track: Int, to time: Int64) {
    tracks[track].end = max(tracks[track].end, time)
    end = max(end, time)
  }
}

extension Timeline {
  /// Tells a pause from a changed clock, by the other stream.
  ///
  /// A pause is one stream's own: a picture that stands, a microphone that is off. If the clock is
  /// changed, both streams run until then, jump, and run on together.
  struct Witness {
    /// Streams that end or begin within this time of each other do so together: two seconds.
    static let together: Int64 = 2_000_000
    /// After so many packets, a stream that runs beside a first packet far ahead is believed.
    static let enough = 50

    /// Where the packet would be after a pause.
    let start: Int64
    /// Where its stream was; `nil` before its first packet.
    let end: Int64?
    let offset: Int64
    var otherEnd: Int64
    var hasBegun: Bool
    private var seen = 0

    init(start: Int64, end: Int64?, offset: Int64, otherEnd: Int64, hasBegun: Bool) {
      self.start = start
      self.end = end
      self.offset = offset
      self.otherEnd = otherEnd
      self.hasBegun = hasBegun
    }

    /// Takes the other stream's next packet. Returns whether the clock was changed, as soon as that
    /// is certain.
    mutating func sees(_ time: Int64?, length: Int64) -> Bool? {
      seen += 1
      let place = time.map { $0 + offset } ?? otherEnd
      if hasBegun, place > otherEnd + Timeline.ahead {
        guard let end else { return false }
        return abs(otherEnd - end) <= Witness.together && abs(place - start) <= Witness.together
      }
      hasBegun = true
      otherEnd = max(otherEnd, place + length)
      if otherEnd >= start - Timeline.ahead { return false }
      return end == nil && seen >= Witness.enough ? true : nil
    }

    /// The answer if no more packets come. A stream whose first packet is far ahead of a stream
    /// that still runs has another clock.
    var verdict: Bool { end == nil && seen > 0 }
  }
}
