/// Brings an excerpt to a loudness, its peaks limited.
package enum LoudnessNormaliser {
  /// −1 dBTP, with a little to spare for the encoder's own overshoot: −1.5 dB.
  static let ceiling: Float = 0.841_395

  /// Samples the limiter looks ahead: 5 ms.
  private static let reach = 240

  /// Interleaved stereo at 48 kHz, brought to `target` LUFS by one factor (see `LoudnessMeter.gain`), and
  /// turned down smoothly around peaks that would exceed −1 dBTP.
  ///
  /// Where turning peaks down took loudness away, the factor is raised by as much, within +20 dB, a few times.
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
  /// Each sample's needed factor is the least over the next and last 5 ms, then averaged over 5 ms: an
  /// average of values that all suffice for the peak suffices, too.
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
      // Six samples of silence before and after, so that the filter's middle lies on each sample.
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

  /// The least of each value's neighbours within `reach` before and after, by a queue of rising values.
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
