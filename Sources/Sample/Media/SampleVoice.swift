/// A soft sound like people who take turns to talk: harmonics of a voice's pitch in syllables, over
/// a little room noise. It uses only additions and multiplications, so that every processor gives
/// the same samples.
struct SampleVoice {
  static let rate = 48_000

  private var random: SampleRandom
  private let speakers: Int
  private var phase = 0.0
  private var low = 0.0
  private var high = 0.0
  private var position = 0

  init(seed: UInt64, speakers: Int) {
    random = SampleRandom(seed: seed, "voice")
    self.speakers = speakers
  }

  /// The next samples of both channels.
  mutating func next(_ count: Int) -> [Float] {
    var samples: [Float] = []
    samples.reserveCapacity(count * 2)
    for _ in 0..<count {
      let time = position * 1000 / Self.rate
      let speaker = SampleScreen.speaker(at: time, of: speakers)
      let pitch = [118.0, 196.0, 152.0][speaker % 3]
      // Syllables of 210 ms, a breath after every sixth one. The pitch falls towards the end of a
      // sentence.
      let place = time % 210
      let isBreath = time / 210 % 7 == 6
      let rise = Double(min(place, 210 - place)) / 105
      let envelope = isBreath ? 0 : rise * rise * (3 - 2 * rise)
      let fall = 1.06 - 0.12 * Double(time % 1900) / 1900
      phase += pitch * fall / Double(Self.rate)
      if phase >= 1 { phase -= 1 }
      let vowel = [0.5, 0.9, 0.3, 0.7, 1.0][time / 210 % 5]
      var voice = 0.0
      for harmonic in 1...6 {
        let turn = phase * Double(harmonic)
        let strength = harmonic == 1 ? 1.0 : harmonic <= 3 ? vowel / Double(harmonic) : 0.12
        voice += Self.sine(turn - turn.rounded(.down)) * strength
      }
      let noise = Double(Int(random.next() >> 40) - (1 << 23)) / Double(1 << 23)
      low += (voice - low) * 0.35
      high += (noise - high) * 0.08
      let sample = low * envelope * 0.16 + high * 0.006
      let pan = [0.85, 1.0, 0.93][speaker % 3]
      samples.append(Float(sample * pan))
      samples.append(Float(sample * (1.85 - pan)))
      position += 1
    }
    return samples
  }

  /// The sine of `turn` whole turns, 0 ≤ turn < 1, by Bhaskara's formula of the seventh century.
  /// The error is at most 0.0017, which nobody hears.
  private static func sine(_ turn: Double) -> Double {
    let half = turn < 0.5 ? turn * 2 : turn * 2 - 1
    let curve = half * (1 - half)
    let value = 16 * curve / (5 - 4 * curve)
    return turn < 0.5 ? value : -value
  }
}
