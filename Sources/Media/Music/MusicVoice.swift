/// What plays a note.
///
/// The samples are computed with additions and multiplications in a fixed order, without functions
/// of a mathematics library: their last bit depends on the processor.
enum MusicVoice: String, Hashable, Sendable, CaseIterable {
  case pad, bass, pluck, bell, kick, shaker

  /// The partials of a tone: multiples of its pitch and their levels.
  private var partials: [(multiple: Double, level: Double)] {
    switch self {
    case .pad: [(1, 0.62), (1.003, 0.5), (2, 0.2), (2.006, 0.16), (3, 0.1), (4, 0.05), (5, 0.03)]
    case .bass: [(1, 1), (2, 0.34), (3, 0.14), (4, 0.05)]
    case .pluck: [(1, 0.9), (2, 0.3), (3, 0.13), (4.02, 0.06), (6.9, 0.02)]
    case .bell: [(1, 0.7), (2.01, 0.35), (2.76, 0.2), (5.4, 0.08)]
    case .kick, .shaker: []
    }
  }

  /// The time in which a tone decays to 37 %, in samples; `nil` for a tone that is held.
  private var decay: Double? {
    switch self {
    case .pad: nil
    case .bass: 30_000
    case .pluck: 16_000
    case .bell: 40_000
    case .kick: 4_200
    case .shaker: 1_500
    }
  }

  /// The samples in which a tone begins, and in which it ends after it was held.
  private var attack: Int {
    switch self {
    case .pad: 7_200
    case .bass: 480
    case .pluck, .bell: 144
    case .kick: 96
    case .shaker: 240
    }
  }

  /// The samples of a note that is held for `length` samples.
  func count(held length: Int) -> Int {
    switch self {
    case .pad: length + 14_400
    case .bass: length + 2_400
    case .pluck: 52_000
    case .bell: 110_000
    case .kick: 16_000
    case .shaker: 6_000
    }
  }

  private var release: Int {
    switch self {
    case .pad: 21_600
    case .bass: 4_800
    case .pluck, .bell: 12_000
    case .kick, .shaker: 2_000
    }
  }

  /// One channel of a note at full level.
  func samples(pitch: Int, length: Int) -> [Float] {
    var samples = [Float](repeating: 0, count: count(held: length))
    switch self {
    case .pad, .bass, .pluck, .bell: tone(pitch, &samples)
    case .kick: drop(&samples)
    case .shaker: noise(&samples)
    }
    shape(&samples)
    return samples
  }

  private func tone(_ pitch: Int, _ samples: inout [Float]) {
    let table = SineTable.shared
    for partial in partials {
      let frequency = SineTable.frequency(pitch) * partial.multiple
      // What is near the limit of hearing only costs bits.
      if frequency > 14_000 { continue }
      let increment = UInt32(frequency * 4_294_967_296 / Double(FilmFormat.sampleRate))
      let level = Float(partial.level)
      var phase: UInt32 = 0
      for index in samples.indices {
        samples[index] += level * table.value(phase)
        phase &+= increment
      }
    }
  }

  /// A tone that falls from 118 Hz to 46 Hz.
  private func drop(_ samples: inout [Float]) {
    let table = SineTable.shared
    var frequency = 118.0
    var phase: UInt32 = 0
    for index in samples.indices {
      samples[index] = table.value(phase)
      phase &+= UInt32(frequency * 4_294_967_296 / Double(FilmFormat.sampleRate))
      frequency = 46 + (frequency - 46) * 0.999_4
    }
  }

  /// Noise without its low half.
  private func noise(_ samples: inout [Float]) {
    var dice = MusicDice(7)
    var (last, smooth): (Float, Float) = (0, 0)
    for index in samples.indices {
      let value = Float(Int(dice.next() >> 40) - (1 << 23)) / Float(1 << 23)
      smooth += 0.5 * (value - last - smooth)
      last = value
      samples[index] = smooth
    }
  }

  /// Fades in, decays, and fades out to zero at the last sample.
  private func shape(_ samples: inout [Float]) {
    let count = samples.count
    // (1 − 1/n) to the power of n is 37 % for large n.
    let factor = decay.map { 1 - 1 / $0 } ?? 1
    var level = 1.0
    for index in samples.indices {
      var gain = Float(level)
      if index < attack { gain *= SineTable.smooth(index, attack) }
      if count - 1 - index < release { gain *= SineTable.smooth(count - 1 - index, release) }
      samples[index] *= gain
      level *= factor
    }
  }
}

/// One period of a sine, computed from its series.
struct SineTable: Sendable {
  static let shared = SineTable()

  private let values: [Float]

  private init() {
    var values = [Float](repeating: 0, count: 4_097)
    for index in 0...1_024 {
      let x = Double(index) * 1.570_796_326_794_896_6 / 1_024
      // Taylor's series, in Horner's form; its error is below 1e-12.
      var sum = 1.0
      for term in stride(from: 17.0, through: 3, by: -2) {
        sum = 1 - x * x / ((term - 1) * term) * sum
      }
      let value = Float(x * sum)
      values[index] = value
      values[2_048 - index] = value
      values[2_048 + index] = -value
      values[4_096 - index] = -value
    }
    self.values = values
  }

  /// The value at a phase, where 2³² is a whole period.
  @inline(__always)
  func value(_ phase: UInt32) -> Float {
    values.withUnsafeBufferPointer { values in
      let place = Int(phase >> 20)
      let part = Float(phase & 0xF_FFFF) / 1_048_576
      return values[place] + part * (values[place + 1] - values[place])
    }
  }

  /// A MIDI number's frequency in Hz, in equal temperament.
  static func frequency(_ pitch: Int) -> Double {
    // The twelfth root of two to the powers of 0 … 11.
    let ratios = [
      1, 1.059_463_094_359_295_3, 1.122_462_048_309_373, 1.189_207_115_002_721,
      1.259_921_049_894_873, 1.334_839_854_170_034_4, 1.414_213_562_373_095,
      1.498_307_076_876_681_5, 1.587_401_051_968_199_5, 1.681_792_830_507_429,
      1.781_797_436_280_678_6, 1.887_748_625_363_387,
    ]
    var frequency = 8.175_798_915_643_707 * ratios[pitch % 12]
    for _ in 0..<pitch / 12 { frequency *= 2 }
    return frequency
  }

  /// A smooth step from 0 (`index` 0) to 1 (`index` = `count`).
  static func smooth(_ index: Int, _ count: Int) -> Float {
    let x = Float(min(max(index, 0), count)) / Float(count)
    return x * x * (3 - 2 * x)
  }
}
