import Glibc

/// Measures the loudness of 48 kHz stereo by ITU-R BS.1770-4, as EBU R128 requires: K-weighting,
/// blocks of 400 ms every 100 ms, an absolute gate at −70 LUFS and a relative gate 10 LU below the
/// mean.
package struct LoudnessMeter: Sendable {
  /// BS.1770-4, tables 1 and 2, at 48 kHz: the shelf filter for the head, then the high-pass
  /// filter.
  private static let shelf = Biquad.Coefficients(
    b: (1.53512485958697, -2.69169618940638, 1.19839281085285),
    a: (-1.69065929318241, 0.73248077421585))
  private static let highPass = Biquad.Coefficients(
    b: (1, -2, 1), a: (-1.99004745483398, 0.99007225036621))

  /// −70 LUFS as a mean square: 10 to the power of (−70 + 0.691) ÷ 10.
  private static let absoluteGate = 1.1724653045822964e-07
  /// 100 ms.
  private static let hop = 4_800

  private var filters = (Biquad(), Biquad(), Biquad(), Biquad())
  /// The sum of squares of both channels over each complete hop.
  private var hops: [Double] = []
  private var sum = 0.0
  private var filled = 0
  private var peakMeter: TruePeakMeter?

  /// A meter without samples.
  ///
  /// - Parameter measuresTruePeak: Pass `false` if only loudness is needed: true peaks take longer.
  package init(measuresTruePeak: Bool = true) {
    peakMeter = measuresTruePeak ? TruePeakMeter() : nil
  }

  /// Adds interleaved stereo samples, in any number.
  package mutating func add(_ samples: [Float]) {
    precondition(samples.count % 2 == 0)
    peakMeter?.add(samples)
    samples.withUnsafeBufferPointer { samples in
      for index in 0..<samples.count / 2 {
        let left = filters.1.run(
          filters.0.run(Double(samples[2 * index]), LoudnessMeter.shelf), LoudnessMeter.highPass)
        let right = filters.3.run(
          filters.2.run(Double(samples[2 * index + 1]), LoudnessMeter.shelf),
          LoudnessMeter.highPass)
        sum += left * left + right * right
        filled += 1
        if filled == LoudnessMeter.hop {
          hops.append(sum)
          sum = 0
          filled = 0
        }
      }
    }
  }

  /// The integrated, gated loudness in LUFS; `nil` if all is below −70 LUFS or shorter than 400 ms.
  package func integrated() -> Double? {
    let loud = blocks().filter { $0 > LoudnessMeter.absoluteGate }
    if loud.isEmpty { return nil }
    let gate = LoudnessMeter.mean(loud) / 10
    let counted = loud.filter { $0 > gate }
    return LoudnessMeter.loudness(LoudnessMeter.mean(counted))
  }

  /// The difference between the loud blocks (95th percentile) and the quiet blocks (10th
  /// percentile), in LU. Speech has pauses and reaches 15 or more. Steady noise stays below 3.
  package func spread() -> Double {
    let sorted = blocks().map { max($0, LoudnessMeter.absoluteGate) }.sorted()
    guard !sorted.isEmpty else { return 0 }
    let high = sorted[(sorted.count - 1) * 95 / 100]
    let low = sorted[(sorted.count - 1) * 10 / 100]
    return 10 * log10(high / low)
  }

  /// The largest sample after fourfold oversampling, where 1 is full scale; 0 if it is not
  /// measured.
  package var truePeak: Double { Double(peakMeter?.peak ?? 0) }

  /// The factor that brings this sound to `target` LUFS: at most +20 dB, and 1 for noise.
  ///
  /// Sound below −50 LUFS counts as noise, and so does sound below −30 LUFS with a spread below 6
  /// LU. Peaks do not matter here: `LoudnessNormaliser` limits them.
  package func gain(target: Double = -16) -> Float {
    guard let loudness = integrated() else { return 1 }
    if loudness < -50 || (loudness < -30 && spread() < 6) { return 1 }
    return LoudnessMeter.rounded(1, raisedBy: min(20, target - loudness))
  }

  /// +20 dB.
  static let largestGain: Float = 10

  /// A factor raised by decibels. The last bit from the mathematics library depends on the
  /// processor. Coarser steps remove that difference.
  static func rounded(_ gain: Float, raisedBy decibels: Double) -> Float {
    Float((Double(gain) * pow(10, decibels / 20) * 4_096).rounded() / 4_096)
  }

  /// The mean squares of the blocks of four hops.
  private func blocks() -> [Double] {
    guard hops.count >= 4 else { return [] }
    let count = Double(4 * LoudnessMeter.hop)
    return (0...(hops.count - 4)).map { hops[$0..<$0 + 4].reduce(0, +) / count }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  private static func loudness(_ meanSquare: Double) -> Double { -0.691 + 10 * log10(meanSquare) }
}

/// A second-order filter in transposed direct form II.
struct Biquad: Sendable {
  struct Coefficients: Sendable {
    var b: (Double, Double, Double)
    var a: (Double, Double)
  }

  private var state = (0.0, 0.0)

  @inline(__always)
  mutating func run(_ x: Double, _ c: Coefficients) -> Double {
    let y = c.b.0 * x + state.0
    state.0 = c.b.1 * x - c.a.0 * y + state.1
    state.1 = c.b.2 * x - c.a.1 * y
    return y
  }
}
