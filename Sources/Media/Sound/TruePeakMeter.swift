/// Measures the peak between the samples by BS.1770-4, annex 2: fourfold oversampling with 48
/// coefficients.
struct TruePeakMeter: Sendable {
  /// The annex's phases 0 and 1. Phases 3 and 2 are the same in reverse order.
  static let phases: [[Float]] = {
    let first: [Float] = [
      0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875,
      0.1373291015625, 0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250,
      0.0148925781250, -0.0083007812500,
    ]
    let second: [Float] = [
      -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500,
      0.4650878906250, 0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625,
      0.0330810546875, -0.0189208984375,
    ]
    return [first, second, second.reversed(), first.reversed()]
  }()

  /// An oversampled value exceeds the largest of its twelve samples by at most this factor.
  private static let overshoot: Float = 2.1

  private(set) var peak: Float = 0
  /// The last 11 samples of each channel.
  private var history: ([Float], [Float]) = (
    [Float](repeating: 0, count: 11), [Float](repeating: 0, count: 11)
  )

  /// Adds interleaved stereo samples.
  mutating func add(_ samples: [Float]) {
    var left = history.0
    var right = history.1
    left.reserveCapacity(11 + samples.count / 2)
    right.reserveCapacity(11 + samples.count / 2)
    for index in 0..<samples.count / 2 {
      left.append(samples[2 * index])
      right.append(samples[2 * index + 1])
    }
    measure(left)
    measure(right)
    history = (Array(left.suffix(11)), Array(right.suffix(11)))
  }

  private mutating func measure(_ channel: [Float]) {
    channel.withUnsafeBufferPointer { channel in
      var start = 0
      while start + 12 <= channel.count {
        let end = min(start + 256, channel.count - 11)
        var largest: Float = 0
        for index in start..<end + 11 { largest = max(largest, abs(channel[index])) }
        // Most parts are too quiet to matter.
        if largest * TruePeakMeter.overshoot > peak {
          for index in start..<end { peak = max(peak, TruePeakMeter.level(channel, at: index)) }
        }
        start = end
      }
    }
  }

  /// The largest of the four oversampled magnitudes of the twelve samples from `index` on.
  static func level(_ channel: UnsafeBufferPointer<Float>, at index: Int) -> Float {
    var largest: Float = 0
    for phase in phases {
      var value: Float = 0
      for tap in 0..<12 { value += phase[tap] * channel[index + 11 - tap] }
      largest = max(largest, abs(value))
    }
    return largest
  }
}
