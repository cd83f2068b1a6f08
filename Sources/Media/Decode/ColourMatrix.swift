import CLibAV

/// How luma and chroma are computed from red, green and blue: the weights of red and blue in luma.
struct ColourMatrix: Hashable {
  var red: Double
  var blue: Double

  static let bt709 = ColourMatrix(red: 0.2126, blue: 0.0722)
  static let bt601 = ColourMatrix(red: 0.299, blue: 0.114)
  static let bt2020 = ColourMatrix(red: 0.2627, blue: 0.0593)
  static let smpte240 = ColourMatrix(red: 0.212, blue: 0.087)
  static let fcc = ColourMatrix(red: 0.30, blue: 0.11)

  /// The matrix that a frame declares. Without a declaration, the players' rule applies: BT.709 for
  /// high definition, BT.601 below.
  init(of frame: UnsafeMutablePointer<AVFrame>) {
    switch frame.pointee.colorspace {
    case AVCOL_SPC_BT709: self = .bt709
    case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: self = .bt601
    case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: self = .bt2020
    case AVCOL_SPC_SMPTE240M: self = .smpte240
    case AVCOL_SPC_FCC: self = .fcc
    default:
      let isHigh = frame.pointee.width >= 1_280 || frame.pointee.height > 576
      self = isHigh ? .bt709 : .bt601
    }
  }

  init(red: Double, blue: Double) {
    self.red = red
    self.blue = blue
  }
}

/// Converts frames from another matrix to BT.709, in place.
///
/// Kr and Kb are the weights of the source, Kr′ and Kb′ those of BT.709; both have limited range.
/// The colour differences are B − Y = 2 (1 − Kb) Cb, R − Y = 2 (1 − Kr) Cr and G − Y = −(Kr (R − Y)
/// + Kb (B − Y)) / Kg. Their weighted sum is the change of luma. All numbers are integers in
/// 1/65,536, so that every machine rounds in the same way.
struct MatrixConversion {
  private let luma: (cb: Int32, cr: Int32)
  private let blue: (cb: Int32, cr: Int32)
  private let red: (cb: Int32, cr: Int32)

  /// `nil` if there is nothing to convert.
  init?(from source: ColourMatrix) {
    if source == .bt709 { return nil }
    let target = ColourMatrix.bt709
    let (kr, kb) = (source.red, source.blue)
    let kg = 1 - kr - kb
    let (r, g, b) = (target.red, 1 - target.red - target.blue, target.blue)
    // Per unit of Cb and of Cr, each in −½…½.
    let blueless = 2 * (1 - kb)
    let redless = 2 * (1 - kr)
    let lumaCb = b * blueless - g * kb * blueless / kg
    let lumaCr = r * redless - g * kr * redless / kg
    func fixed(_ value: Double) -> Int32 { Int32((value * 65_536).rounded()) }
    // Luma spans 219 levels, chroma 224.
    luma = (fixed(lumaCb * 219 / 224), fixed(lumaCr * 219 / 224))
    blue = (fixed((blueless - lumaCb) / (2 * (1 - b))), fixed(-lumaCr / (2 * (1 - b))))
    red = (fixed(-lumaCb / (2 * (1 - r))), fixed((redless - lumaCr) / (2 * (1 - r))))
  }

  func apply(to frame: inout VideoFrame) {
    let (width, half) = (frame.width, frame.width / 2)
    let rows = frame.height / 2
    var changes = [Int16](repeating: 0, count: half)
    frame.y.withUnsafeMutableBufferPointer { y in
      frame.u.withUnsafeMutableBufferPointer { u in
        frame.v.withUnsafeMutableBufferPointer { v in
          changes.withUnsafeMutableBufferPointer { changes in
            guard let y = y.baseAddress, let u = u.baseAddress, let v = v.baseAddress,
              let changes = changes.baseAddress
            else { return }
            for row in 0..<rows {
              apply(u + row * half, v + row * half, changes, half)
              MatrixConversion.add(changes, y + 2 * row * width, half)
              MatrixConversion.add(changes, y + (2 * row + 1) * width, half)
            }
          }
        }
      }
    }
  }

  /// Simple loops over one row, which the compiler turns into vector code.
  @inline(__always)
  private func apply(
    _ u: UnsafeMutablePointer<UInt8>, _ v: UnsafeMutablePointer<UInt8>,
    _ changes: UnsafeMutablePointer<Int16>, _ count: Int
  ) {
    for column in 0..<count {
      let (cb, cr) = (Int32(u[column]) &- 128, Int32(v[column]) &- 128)
      changes[column] = Int16(
        truncatingIfNeeded: (luma.cb &* cb &+ luma.cr &* cr &+ 32_768) >> 16)
      u[column] = clamped(128 &+ ((blue.cb &* cb &+ blue.cr &* cr &+ 32_768) >> 16))
      v[column] = clamped(128 &+ ((red.cb &* cb &+ red.cr &* cr &+ 32_768) >> 16))
    }
  }

  @inline(__always)
  private static func add(
    _ changes: UnsafeMutablePointer<Int16>, _ line: UnsafeMutablePointer<UInt8>, _ count: Int
  ) {
    for column in 0..<count {
      let change = changes[column]
      line[2 * column] = UInt8(
        truncatingIfNeeded: min(255, max(0, Int16(line[2 * column]) &+ change)))
      line[2 * column + 1] = UInt8(
        truncatingIfNeeded: min(255, max(0, Int16(line[2 * column + 1]) &+ change)))
    }
  }

  @inline(__always)
  private func clamped(_ value: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: min(255, max(0, value)))
  }
}
