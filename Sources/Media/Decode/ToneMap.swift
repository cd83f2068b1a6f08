import CLibAV
import Glibc

/// Converts pictures of high dynamic range to a film's format: BT.709, 8 bits, with paper white as
/// white.
///
/// The steps: the transfer function is undone (SMPTE ST 2084, “PQ”, or BT.2100's hybrid log-gamma
/// with its system gamma of 1.2 for a screen of 1,000 cd/m²). 203 cd/m² becomes white (BT.2408).
/// Values above three quarters of white are compressed by an extended Reinhard curve. The curve
/// works on the largest of red, green and blue, so that hues stay. Wide primaries are converted to
/// BT.709's. The result is encoded for a screen of gamma 2.4 (BT.1886). Tables are computed in
/// floating point and rounded; all other numbers are integers.
struct ToneMap {
  /// White of standard range in cd/m².
  private static let white = 203.0
  /// The brightest light that a screen of high range shows.
  private static let peak = 1_000.0
  /// Where the curve begins, as a fraction of white.
  private static let knee = 0.75
  /// One, in linear light.
  private static let unit = 65_536.0

  /// Ten bits of R′, G′ or B′ to linear light.
  private let linear: [Int32]
  /// Hybrid log-gamma's factor by scene light ÷ 64. Empty for PQ, whose values already are screen
  /// light.
  private let system: [Int32]
  /// The curve's factor by the largest part ÷ 256.
  private let curve: [Int32]
  /// Linear light 0 … 65,536 to R′, G′, B′ in 0 … 4,080.
  private let display: [Int32]
  /// Red's and blue's weights in Cb and Cr, as 65,536ths of ten bits.
  private let weights: (luma: Int64, redCr: Int64, greenCb: Int64, greenCr: Int64, blueCb: Int64)
  private let isWide: Bool

  /// `nil` if the frame has standard range.
  init?(of frame: UnsafeMutablePointer<AVFrame>) {
    let isPQ = frame.pointee.color_trc == AVCOL_TRC_SMPTE2084
    guard isPQ || frame.pointee.color_trc == AVCOL_TRC_ARIB_STD_B67 else { return nil }
    linear = (0...1_023).map { index in
      let value = Double(index) / 1_023
      let light = isPQ ? ToneMap.pq(value) / ToneMap.white : ToneMap.hybrid(value)
      return Int32((min(light, ToneMap.peak / ToneMap.white) * ToneMap.unit).rounded())
    }
    system =
      isPQ
      ? []
      : (0...1_024).map { index in
        let factor = pow(Double(index) / 1_024, 0.2) * ToneMap.peak / ToneMap.white
        return Int32((factor * ToneMap.unit).rounded())
      }
    curve = (0...Int(ToneMap.peak / ToneMap.white * 256) + 1).map { index in
      let light = Double(index) / 256
      return Int32((ToneMap.bent(light) / max(light, 1 / 256) * ToneMap.unit).rounded())
    }
    display = (0...65_536).map { index in
      Int32((pow(Double(index) / ToneMap.unit, 1 / 2.4) * 4_080).rounded())
    }
    let matrix = ColourMatrix(of: frame)
    let green = 1 - matrix.red - matrix.blue
    func fixed(_ value: Double, _ span: Double) -> Int64 {
      Int64((value * 1_023 / span * 65_536).rounded())
    }
    weights = (
      luma: fixed(1, 876), redCr: fixed(2 * (1 - matrix.red), 896),
      greenCb: fixed(-2 * matrix.blue * (1 - matrix.blue) / green, 896),
      greenCr: fixed(-2 * matrix.red * (1 - matrix.red) / green, 896),
      blueCb: fixed(2 * (1 - matrix.blue), 896)
    )
    isWide = frame.pointee.color_primaries == AVCOL_PRI_BT2020
  }

  /// SMPTE ST 2084: cd/m² of a signal in 0 … 1.
  private static func pq(_ signal: Double) -> Double {
    let (m1, m2) = (2_610.0 / 16_384, 2_523.0 / 4_096 * 128)
    let (c1, c2, c3) = (3_424.0 / 4_096, 2_413.0 / 4_096 * 32, 2_392.0 / 4_096 * 32)
    let power = pow(signal, 1 / m2)
    return pow(max(0, power - c1) / (c2 - c3 * power), 1 / m1) * 10_000
  }

  /// BT.2100, table 5: scene light in 0 … 1 of a hybrid log-gamma signal.
  private static func hybrid(_ signal: Double) -> Double {
    let (a, b, c) = (0.17883277, 0.28466892, 0.55991073)
    return signal <= 0.5 ? signal * signal / 3 : (exp((signal - c) / a) + b) / 12
  }

  /// Light below the knee stays as it is. From there on it is compressed, so that the peak becomes
  /// white.
  private static func bent(_ light: Double) -> Double {
    if light <= knee { return light }
    let x = (light - knee) / (1 - knee)
    let most = (peak / white - knee) / (1 - knee)
    return min(1, knee + (1 - knee) * x * (1 + x / (most * most)) / (1 + x))
  }

  /// A frame of 10 bits, 4:2:0, limited range, in its own matrix.
  func apply(_ frame: UnsafeMutablePointer<AVFrame>) -> VideoFrame {
    let (width, height) = (Int(frame.pointee.width), Int(frame.pointee.height))
    var result = VideoFrame(width: width, height: height)
    let (luma, cb, cr) = (
      UnsafeRawPointer(frame.pointee.data.0), UnsafeRawPointer(frame.pointee.data.1),
      UnsafeRawPointer(frame.pointee.data.2)
    )
    guard let luma, let cb, let cr else { return result }
    for row in 0..<height / 2 {
      let chroma = (
        (cb + row * Int(frame.pointee.linesize.1)).assumingMemoryBound(to: UInt16.self),
        (cr + row * Int(frame.pointee.linesize.2)).assumingMemoryBound(to: UInt16.self)
      )
      for column in 0..<width / 2 {
        var sum = SIMD3<Int32>(repeating: 0)
        let (blue, red) = (Int64(chroma.0[column]) - 512, Int64(chroma.1[column]) - 512)
        for corner in 0..<4 {
          let (x, y) = (2 * column + corner & 1, 2 * row + corner >> 1)
          let line = (luma + y * Int(frame.pointee.linesize.0)).assumingMemoryBound(to: UInt16.self)
          let colour = shown(Int64(line[x]) - 64, blue, red)
          // FilmColour's weights. R′, G′ and B′ have 16 steps per level here.
          let level =
            (11_966 * Int64(colour.x) + 40_254 * Int64(colour.y) + 4_064 * Int64(colour.z))
          result.y[y * width + x] = UInt8(16 + (level + 524_288) >> 20)
          sum &+= colour
        }
        let (r, g, b) = (Int64(sum.x), Int64(sum.y), Int64(sum.z))
        let place = row * width / 2 + column
        result.u[place] = UInt8(128 + (-6_596 * r - 22_189 * g + 28_785 * b + 2_097_152) >> 22)
        result.v[place] = UInt8(128 + (28_785 * r - 26_145 * g - 2_640 * b + 2_097_152) >> 22)
      }
    }
    return result
  }

  /// R′, G′, B′ in 0 … 4,080.
  private func shown(_ luma: Int64, _ cb: Int64, _ cr: Int64) -> SIMD3<Int32> {
    func light(_ signal: Int64) -> Int64 {
      Int64(linear[Int(max(0, min(1_023, (signal + 32_768) >> 16)))])
    }
    let base = luma * weights.luma
    var r = light(base + cr * weights.redCr)
    var g = light(base + cb * weights.greenCb + cr * weights.greenCr)
    var b = light(base + cb * weights.blueCb)
    if !system.isEmpty {
      // BT.2100: 0.2627 R + 0.6780 G + 0.0593 B.
      let scene = (17_216 * r + 44_433 * g + 3_887 * b) >> 16
      let factor = Int64(system[Int(min(1_024, scene >> 6))])
      (r, g, b) = ((r * factor) >> 16, (g * factor) >> 16, (b * factor) >> 16)
    }
    let bend = Int64(curve[min(curve.count - 1, Int(max(r, g, b) >> 8))])
    (r, g, b) = ((r * bend) >> 16, (g * bend) >> 16, (b * bend) >> 16)
    if isWide {
      // BT.2087, inverted: BT.2020's primaries in BT.709's.
      (r, g, b) = (
        (108_822 * r - 38_509 * g - 4_771 * b) >> 16, (-8_166 * r + 74_246 * g - 544 * b) >> 16,
        (-1_193 * r - 6_593 * g + 73_315 * b) >> 16
      )
    }
    func shown(_ value: Int64) -> Int32 { display[Int(max(0, min(65_536, value)))] }
    return SIMD3(shown(r), shown(g), shown(b))
  }
}
