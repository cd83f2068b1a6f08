/// Turns music down under speech: a side chain.
///
/// The speech's level is taken every 10 ms. Where it is above the threshold, the music falls within
/// 60 ms to a fifth (−14 dB), and rises again within about a second after the last word. At the
/// start and the end of the speech's scene the music has its full level, so that scenes can be
/// mixed one by one.
enum SoundDucker {
  /// 10 ms.
  static let block = 480
  /// The level of the music under speech.
  static let floor: Float = 0.2
  /// −36 dBFS as a mean square.
  private static let threshold: Float = 2.5e-4
  /// The blocks at both ends of a scene in which the music gets back to its full level: 0.4 s.
  private static let edge = 40

  /// The music's level for each block of a scene with this sound (interleaved stereo), and one more
  /// for its end.
  static func levels(under speech: [Float]) -> [Float] {
    let count = speech.count / 2 / block
    var isLoud = [Bool](repeating: false, count: count + 1)
    speech.withUnsafeBufferPointer { speech in
      for index in 0..<count {
        var sum: Float = 0
        for place in 2 * index * block..<2 * (index + 1) * block {
          sum += speech[place] * speech[place]
        }
        isLoud[index] = sum / Float(2 * block) > threshold
      }
    }
    var levels = [Float](repeating: 1, count: count + 1)
    var level: Float = 1
    // Backwards first: the music is down when a word begins.
    for index in levels.indices.reversed() {
      level = isLoud[index] ? floor : min(1, level + (1 - floor) / 6)
      levels[index] = level
    }
    level = 1
    for index in levels.indices {
      let target = levels[index]
      level = target < level ? target : level + (target - level) / 40
      levels[index] = level
    }
    for index in levels.indices {
      let inside = SineTable.smooth(min(index, count - index), edge)
      levels[index] = 1 - (1 - levels[index]) * inside
    }
    return levels
  }

  /// Adds a scene's own sound to the film's music, which is turned down under it.
  ///
  /// - Parameters:
  ///   - mix: interleaved stereo of the film from the sample `start` on, with the music.
  ///   - speech: the scene's sound, from the film's sample `place` on.
  ///   - level: the factor for the scene's sound.
  static func add(
    _ speech: [Float], at place: Int, level: Float, to mix: inout [Float], from start: Int
  ) {
    let levels = levels(under: speech)
    let first = max(place, start)
    let last = min(place + speech.count / 2, start + mix.count / 2)
    guard first < last else { return }
    for index in first..<last {
      let (number, part) = (index - place).quotientAndRemainder(dividingBy: block)
      let here = levels[min(number, levels.count - 1)]
      let next = levels[min(number + 1, levels.count - 1)]
      let gain = here + (next - here) * Float(part) / Float(block)
      for channel in 0..<2 {
        let target = 2 * (index - start) + channel
        mix[target] = mix[target] * gain + speech[2 * (index - place) + channel] * level
      }
    }
  }
}
