import Synchronization

/// Plays scores. Notes that sound alike are computed once for all threads.
package final class MusicPlayer: Sendable {
  private struct Sound: Hashable {
    var voice: MusicVoice
    var pitch: Int
    var length: Int
  }

  private let sounds = Mutex<[Sound: [Float]]>([:])

  /// A player that has not played yet.
  package init() {}

  /// The level of a style's notes, so that its music is at −14 LUFS with average activity.
  private static func level(_ style: MusicStyle) -> Float {
    switch style {
    case .calm: 0.52
    case .bright: 0.553
    case .pulse: 0.549
    }
  }

  /// Interleaved stereo of a range of the film's samples; silence before and after the film.
  package func samples(_ score: MusicScore, _ range: Range<Int>) -> [Float] {
    // The channels one by one: that is what vector code can add.
    var left = [Float](repeating: 0, count: range.count)
    var right = left
    let end = score.steps * FilmFormat.samplesPerStep
    let level = MusicPlayer.level(score.style)
    for note in score.notes(in: range) {
      let sound = samples(note)
      let first = max(range.lowerBound, note.start)
      let last = min(min(range.upperBound, end), note.start + sound.count)
      guard first < last else { continue }
      // Linear panning; the middle is 6 dB below one side alone.
      let gain = Float(note.level) / 1_000 * level
      let (place, part) = (first - range.lowerBound, first - note.start..<last - note.start)
      MusicPlayer.add(sound, part, gain * Float(100 - note.pan) / 50, to: &left, at: place)
      MusicPlayer.add(sound, part, gain * Float(note.pan) / 50, to: &right, at: place)
    }
    var mix = [Float](repeating: 0, count: 2 * range.count)
    for index in left.indices {
      mix[2 * index] = left[index]
      mix[2 * index + 1] = right[index]
    }
    fadeOut(&mix, range, end)
    return mix
  }

  private static func add(
    _ sound: [Float], _ part: Range<Int>, _ gain: Float, to channel: inout [Float], at place: Int
  ) {
    channel.withUnsafeMutableBufferPointer { channel in
      sound.withUnsafeBufferPointer { sound in
        let source = UnsafeBufferPointer(rebasing: sound[part])
        let target = UnsafeMutableBufferPointer(rebasing: channel[place..<place + source.count])
        for index in source.indices { target[index] += gain * source[index] }
      }
    }
  }

  /// The music ends with the film: it fades during the last three steps.
  private func fadeOut(_ mix: inout [Float], _ range: Range<Int>, _ end: Int) {
    let length = 3 * FilmFormat.samplesPerStep
    for index in max(range.lowerBound, end - length)..<max(range.upperBound, end - length)
    where index < end && index < range.upperBound {
      let gain = SineTable.smooth(end - 1_024 - index, length)
      mix[2 * (index - range.lowerBound)] *= gain
      mix[2 * (index - range.lowerBound) + 1] *= gain
    }
  }

  private func samples(_ note: MusicNote) -> [Float] {
    let sound = Sound(voice: note.voice, pitch: note.pitch, length: note.length)
    if let known = sounds.withLock({ $0[sound] }) { return known }
    let samples = note.voice.samples(pitch: note.pitch, length: note.length)
    sounds.withLock { $0[sound] = samples }
    return samples
  }
}
