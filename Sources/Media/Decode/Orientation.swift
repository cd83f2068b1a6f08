import CLibAV

/// How a picture is turned before it is shown. It is first mirrored left to right if `isMirrored`,
/// then rotated clockwise by quarter turns.
struct Orientation: Hashable {
  var isMirrored = false
  var quarterTurns = 0

  static let upright = Orientation()

  /// From libav's display matrix: nine 32-bit numbers, the first two columns 16.16 fixed.
  init(displayMatrix bytes: UnsafePointer<UInt8>?) {
    guard let bytes else { return }
    let raw = UnsafeRawPointer(bytes)
    func entry(_ index: Int) -> Int32 {
      raw.loadUnaligned(fromByteOffset: index * 4, as: Int32.self)
    }
    // A point (x, y) is shown at (a x + c y, b x + d y). Other rotations are rounded to quarter
    // turns.
    let (a, b, c, d) = (
      Int64(entry(0)), Int64(entry(1)), Int64(entry(3)), Int64(entry(4))
    )
    if a == 0, b == 0 { return }
    isMirrored = a * d - b * c < 0
    // The direction of the first axis after mirroring.
    let (x, y) = isMirrored ? (-a, -b) : (a, b)
    if abs(x) >= abs(y) { quarterTurns = x >= 0 ? 0 : 2 } else { quarterTurns = y >= 0 ? 1 : 3 }
  }

  /// From EXIF's orientation, 1 to 8.
  init(exif: Int) {
    switch exif {
    case 2: (isMirrored, quarterTurns) = (true, 0)
    case 3: (isMirrored, quarterTurns) = (false, 2)
    case 4: (isMirrored, quarterTurns) = (true, 2)
    case 5: (isMirrored, quarterTurns) = (true, 3)
    case 6: (isMirrored, quarterTurns) = (false, 1)
    case 7: (isMirrored, quarterTurns) = (true, 1)
    case 8: (isMirrored, quarterTurns) = (false, 3)
    default: break
    }
  }

  init() {}

  /// Whether width and height are exchanged.
  var isSideways: Bool { quarterTurns % 2 == 1 }

  /// The rotated plane. Each pixel has `stride` bytes.
  func apply(_ plane: [UInt8], width: Int, height: Int, stride: Int = 1) -> [UInt8] {
    if self == .upright { return plane }
    let (outWidth, outHeight) = isSideways ? (height, width) : (width, height)
    var out = [UInt8](repeating: 0, count: plane.count)
    plane.withUnsafeBufferPointer { source in
      out.withUnsafeMutableBufferPointer { target in
        for row in 0..<outHeight {
          for column in 0..<outWidth {
            let (turned, y) =
              switch quarterTurns {
              case 0: (column, row)
              case 1: (row, height - 1 - column)
              case 2: (width - 1 - column, height - 1 - row)
              default: (width - 1 - row, column)
              }
            let x = isMirrored ? width - 1 - turned : turned
            let (from, to) = ((y * width + x) * stride, (row * outWidth + column) * stride)
            for byte in 0..<stride { target[to + byte] = source[from + byte] }
          }
        }
      }
    }
    return out
  }
}
