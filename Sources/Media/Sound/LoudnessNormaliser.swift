/// Brings an excerpt to a given loudness and limits its peaks.
package enum LoudnessNormaliser {
  /// −1.5 dB: −1 dBTP, with a reserve for the encoder's overshoot.
  static let ceiling: Float = 0.841_395

  /// How many samples the limiter looks ahead: 5 ms.
  private static let reach = 240

  /// Brings interleaved stereo samples at 48 kHz to `target` LUFS by one factor (see
  /// `LoudnessMeter.gain`). Around peaks that would exceed −1 dBTP, the sound is turned down
  /// smoothly.
  ///
  /// If that reduces the loudness, the factor is raised by the difference, within +20 dB, and the
  /// step is repeated a few times.
  package static func normalise(_ samples: [Float], target: Double = -16) -> [Float] {
    var meter = LoudnessMeter(measuresTruePeak: false)
    meter.add(samples)
    var gain = meter.gain(target: target)
    var result = limit(gain == 1 ? samples : samples.map { $0 * gain })
    for _ in 0..<3 where gain != 1 && gain < LoudnessMeter.largestGain {
      var meter = LoudnessMeter(measuresTruePeak: false)
      meter.add(result)
      guard let loudness = meter.integrated(), target - loudness > 0.2 else { break }
      gain = min(
        LoudnessMeter.largestGain, LoudnessMeter.rounded(gain, raisedBy: target - loudness))
      result = limit(samples.map { $0 * gain })
    }
    return result
  }

  /// Turns the sound down around its peaks, both channels together.
  ///
  /// Each sample's factor is the minimum over the 5 ms before and after, averaged over 5 ms. All
  /// averaged values are low enough for the peak, so their average is low enough too.
  static func limit(_ samples: [Float]) -> [Float] {
    let count = samples.count / 2
    let needed = neededFactors(samples, count)
    guard needed.contains(where: { $0 < 1 }) else { return samples }
    let least = slidingLeast(needed)
    var result = samples
    var sum: Double = 0
    // The window is centred: [index − reach/2, index + reach/2].
    let half = reach / 2
    func value(_ index: Int) -> Double { Double(least[min(max(index, 0), count - 1)]) }
    for index in -half...half { sum += value(index) }
    for index in 0..<count {
      let factor = Float(min(1, sum / Double(2 * half + 1)))
      result[2 * index] *= factor
      result[2 * index + 1] *= factor
      sum += value(index + half + 1) - value(index - half)
    }
    return result
  }

  private static func neededFactors(_ samples: [Float], _ count: Int) -> [Float] {
    var factors = [Float](repeating: 1, count: count)
    for channel in 0..<2 {
      // Six samples of silence before and after, so that the middle of the filter is on each
      // sample.
      var plane = [Float](repeating: 0, count: count + 12)
      for index in 0..<count { plane[index + 6] = samples[2 * index + channel] }
      plane.withUnsafeBufferPointer { plane in
        for index in 0..<count {
          var largest: Float = 0
          for tap in 0..<12 { largest = max(largest, abs(plane[index + tap])) }
          guard largest * 2.1 > ceiling else { continue }
          let level = max(TruePeakMeter.level(plane, at: index), abs(plane[index + 6]))
          if level > ceiling { factors[index] = min(factors[index], ceiling / level) }
        }
      }
    }
    return factors
  }

  /// For each value, the minimum within `reach` values before and after, by a queue of increasing
  /// values.
  private static func slidingLeast(_ values: [Float]) -> [Float] {
    var result = values
    var queue: [Int] = []
    var head = 0
    for index in 0..<values.count + reach {
      if index < values.count {
        while queue.count > head, let last = queue.last, values[last] >= values[index] {
          queue.removeLast()
        }
        queue.append(index)
      }
      let centre = index - reach
      if centre < 0 { continue }
      while head < queue.count, queue[head] < centre - reach { head += 1 }
      if head < queue.count { result[centre] = values[queue[head]] }
    }
    return result
  }
}
