/// Measures loudness by ITU-R BS.1770-4 and EBU R128 over 48 kHz stereo.
public struct LoudnessMeter: Sendable {
  public init() {}

  /// Takes interleaved stereo samples, any number of them.
  public mutating func add(_ samples: [Float]) {}

  /// Integrated, gated loudness in LUFS; `nil` where all is below −70 LUFS or shorter than 400 ms.
  public func integrated() -> Double? { nil }

  /// The largest of four times oversampled samples, in full scale.
  public var truePeak: Double { 0 }

  /// The factor that brings this sound to `target` LUFS: at most +20 dB, true peak below −1 dBTP, and 1
  /// where there is nothing but noise (below −50 LUFS).
  public func gain(target: Double = -16) -> Float { 1 }
}
