/// Puts the times of a recording's two streams on one timeline without large jumps.
///
/// All times are in microseconds.
struct Timeline {
  /// A stream that jumps back further than this begins a new epoch.
  static let back: Int64 = 500_000
  /// A stream that jumps further than this ahead of both streams begins a new epoch.
  static let ahead: Int64 = 30_000_000

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

  /// The place of a packet with this `time`. A packet without a time follows the one before it.
  mutating func place(_ time: Int64?, length: Int64, track: Int) -> Int64 {
    guard let time else {
      let start = tracks[track].end
      advance(track, to: start + length)
      return start
    }
    if isJump(time, track) {
      // If the other stream has jumped before, this stream continues in the same epoch.
      let newest = offsets.count - 1
      let start = time + offsets[newest]
      let fits =
        start >= tracks[track].end - Timeline.back && start <= end + Timeline.ahead
      if tracks[track].epoch == newest || !fits { offsets.append(end - time) }
      tracks[track].epoch = offsets.count - 1
    }
    let start = time + offsets[tracks[track].epoch]
    tracks[track].last = time
    advance(track, to: start + length)
    return start
  }

  private func isJump(_ time: Int64, _ track: Int) -> Bool {
    if time + offsets[tracks[track].epoch] > end + Timeline.ahead { return true }
    guard let last = tracks[track].last else { return false }
    return time < last - Timeline.back
  }

  private mutating func advance(_ track: Int, to time: Int64) {
    tracks[track].end = max(tracks[track].end, time)
    end = max(end, time)
  }
}
