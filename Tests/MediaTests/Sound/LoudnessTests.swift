import Glibc
import Testing

@testable import Media

@Suite struct `Loudness` {
  /// A sine of 997 Hz, the frequency at which K-weighting is close to neutral.
  private func sine(_ amplitude: Float, seconds: Int) -> [Float] {
    (0..<48_000 * seconds).flatMap { index -> [Float] in
      let value = amplitude * sinf(Float(index) * 997 * 2 * .pi / 48_000)
      return [value, value]
    }
  }

  private func loudness(_ samples: [Float]) -> Double? {
    var meter = LoudnessMeter()
    meter.add(samples)
    return meter.integrated()
  }

  @Test func `A stereo sine of −23 dBFS measures −23 LUFS`() throws {
    // EBU Tech 3341, case 1: ± 0.1 LU.
    let measured = try #require(loudness(sine(powf(10, -23 / 20), seconds: 5)))
    #expect(abs(measured + 23) < 0.1)
  }

  @Test func `Quiet parts are gated out`() throws {
    // EBU Tech 3341, case 3, shortened, so that the blocks across the steps have more weight.
    let quiet = sine(powf(10, -36 / 20), seconds: 2)
    let loud = sine(powf(10, -23 / 20), seconds: 10)
    let measured = try #require(loudness(quiet + loud + quiet))
    #expect(abs(measured + 23) < 0.2)
  }

  @Test func `Silence and very short sounds have no loudness and stay unchanged`() {
    let silence = [Float](repeating: 0, count: 96_000)
    #expect(loudness(silence) == nil)
    #expect(LoudnessNormaliser.normalise(silence) == silence)
    #expect(loudness(Array(sine(0.5, seconds: 1).prefix(9_600))) == nil)
  }

  @Test func `A quiet voice is brought to −16 LUFS with its peaks under −1 dBTP`() throws {
    // Bursts with pauses, and a much louder click.
    var voice = sine(0.03, seconds: 6)
    for index in 0..<voice.count where (index / 2 / 48_000) % 3 == 2 { voice[index] *= 0.02 }
    voice[96_001] = 0.6
    let normalised = LoudnessNormaliser.normalise(voice)
    var meter = LoudnessMeter()
    meter.add(normalised)
    #expect(abs(try #require(meter.integrated()) + 16) < 1)
    #expect(meter.truePeak < 0.8913)
    #expect(normalised.count == voice.count)
  }

  @Test func `Steady noise is not raised, and no sound is raised by more than 20 dB`() {
    let hiss = Clips.steadyNoise(96_000, amplitude: 0.012)
    var meter = LoudnessMeter()
    meter.add(hiss)
    #expect(meter.gain() == 1)
    var voice = sine(0.008, seconds: 6)
    for index in 0..<voice.count where (index / 2 / 48_000) % 3 == 2 { voice[index] *= 0.02 }
    var quiet = LoudnessMeter()
    quiet.add(voice)
    #expect(quiet.gain() == 10)
  }

  @Test func `A peak between the samples is found`() {
    // A sine at a quarter of the rate, sampled 45° off its peaks: each sample is 0.707.
    let samples = (0..<4_800).flatMap { index -> [Float] in
      let value = sinf(Float(index) * .pi / 2 + .pi / 4)
      return [value, value]
    }
    var meter = LoudnessMeter()
    meter.add(samples)
    #expect(abs(meter.truePeak - 1) < 0.06)
  }
}

@Suite struct `The timeline` {
  private let second: Int64 = 1_000_000

  @Test func `Times that make sense are kept`() {
    var timeline = Timeline()
    #expect(timeline.place(0, length: 0, track: 0) == 0)
    #expect(timeline.place(-7_000, length: 20_000, track: 1) == -7_000)
    #expect(timeline.place(5 * second, length: 0, track: 0) == 5 * second)
    #expect(timeline.place(5 * second - 100_000, length: 0, track: 0) == 5 * second - 100_000)
    #expect(timeline.place(nil, length: 0, track: 0) == 5 * second)
  }

  @Test func `A second recording continues where the first one ended, with both streams in sync`() {
    var timeline = Timeline()
    for time in 0..<10 {
      _ = timeline.place(Int64(time) * second, length: second, track: 0)
      _ = timeline.place(Int64(time) * second, length: second, track: 1)
    }
    #expect(timeline.place(0, length: second, track: 0) == 10 * second)
    #expect(timeline.place(100_000, length: second, track: 1) == 10 * second + 100_000)
    #expect(timeline.place(second, length: second, track: 0) == 11 * second)
  }

  @Test func `A jump of years does not make a film that lasts years`() {
    var timeline = Timeline()
    _ = timeline.place(0, length: second, track: 0)
    #expect(timeline.place(1 << 60, length: second, track: 0) == second)
    #expect(timeline.place((1 << 60) + second, length: second, track: 0) == 2 * second)
  }
}

@Suite struct `Turning` {
  @Test func `EXIF's eight orientations put the first pixel where it belongs`() {
    // 3 × 2 pixels, numbered by rows.
    let plane: [UInt8] = [1, 2, 3, 4, 5, 6]
    let expected: [[UInt8]] = [
      [1, 2, 3, 4, 5, 6], [3, 2, 1, 6, 5, 4], [6, 5, 4, 3, 2, 1], [4, 5, 6, 1, 2, 3],
      [1, 4, 2, 5, 3, 6], [4, 1, 5, 2, 6, 3], [6, 3, 5, 2, 4, 1], [3, 6, 2, 5, 1, 4],
    ]
    for exif in 1...8 {
      #expect(
        Orientation(exif: exif).apply(plane, width: 3, height: 2) == expected[exif - 1])
    }
  }
}
