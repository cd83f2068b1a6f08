/// The backdrop behind a picture: a copy of it that covers the frame, strongly blurred and
/// darkened.
package enum Backdrop {
  /// The width of the copy before it is blurred, in pixels.
  private static let columns = 64

  /// Draws the backdrop of a picture.
  ///
  /// - Parameters:
  ///   - ink: The colour that is mixed in.
  ///   - amount: How much of it, 0 … 256.
  package static func frame(
    of picture: Bitmap, width: Int, height: Int, ink: FilmColour, amount: Int = 184
  ) -> VideoFrame {
    let rows = max(2, columns * height / width & ~1)
    var small = Bitmap(width: columns, height: rows)
    // The middle of the picture, cropped to the frame's shape.
    let scale = max(
      Double(columns) / Double(picture.width), Double(rows) / Double(picture.height))
    let (coverWidth, coverHeight) = (
      Double(picture.width) * scale, Double(picture.height) * scale
    )
    small.draw(
      picture.averaged(toAtMost: columns * 2), x: (Double(columns) - coverWidth) / 2,
      y: (Double(rows) - coverHeight) / 2, width: coverWidth, height: coverHeight)
    // Transparent parts show the ink, not black.
    let planes = OverlayPlanes(small)
    var luma: [Int32] = []
    for (value, alpha) in zip(planes.y, planes.a) {
      luma.append((Int32(value) + Int32(ink.y) * Int32(255 - alpha) / 255) << 8)
    }
    var (cb, cr): ([Int32], [Int32]) = ([], [])
    for index in planes.u.indices {
      let rest = Int32(255 - planes.ac[index])
      cb.append((Int32(planes.u[index]) + Int32(ink.cb) * rest / 255) << 8)
      cr.append((Int32(planes.v[index]) + Int32(ink.cr) * rest / 255) << 8)
    }
    blur(&luma, columns, radius: 5)
    blur(&cb, columns / 2, radius: 3)
    blur(&cr, columns / 2, radius: 3)
    mix(&luma, Int32(ink.y), amount)
    mix(&cb, Int32(ink.cb), amount)
    mix(&cr, Int32(ink.cr), amount)
    return VideoFrame(
      width: width, height: height, y: enlarged(luma, columns, width, height),
      u: enlarged(cb, columns / 2, width / 2, height / 2),
      v: enlarged(cr, columns / 2, width / 2, height / 2))
  }

  /// Three passes of a box blur, close enough to a Gaussian blur.
  private static func blur(_ plane: inout [Int32], _ width: Int, radius: Int) {
    let height = plane.count / width
    for _ in 0..<3 {
      plane = pass(plane, width, height, radius)
    }
  }

  private static func pass(_ plane: [Int32], _ width: Int, _ height: Int, _ radius: Int) -> [Int32]
  {
    let size = Int32(2 * radius + 1)
    var across = plane
    for row in 0..<height {
      for column in 0..<width {
        var sum: Int32 = 0
        for step in -radius...radius {
          sum += plane[row * width + max(0, min(width - 1, column + step))]
        }
        across[row * width + column] = sum / size
      }
    }
    var result = across
    for row in 0..<height {
      for column in 0..<width {
        var sum: Int32 = 0
        for step in -radius...radius {
          sum += across[max(0, min(height - 1, row + step)) * width + column]
        }
        result[row * width + column] = sum / size
      }
    }
    return result
  }

  private static func mix(_ plane: inout [Int32], _ colour: Int32, _ amount: Int) {
    for index in plane.indices {
      plane[index] = (plane[index] * Int32(256 - amount) + (colour << 8) * Int32(amount)) >> 8
    }
  }

  /// Enlarges bilinearly, with fractions of a level. An ordered dither replaces the fractions, so
  /// that dark gradients show no steps.
  private static func enlarged(
    _ plane: [Int32], _ columns: Int, _ width: Int, _ height: Int
  ) -> [UInt8] {
    let rows = plane.count / columns
    let bayer: [Int32] = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5]
    var result = [UInt8](repeating: 0, count: width * height)
    func place(_ index: Int, _ count: Int, _ sources: Int) -> (Int, Int32) {
      let position = max(0, ((2 * index + 1) * sources * 128 / count) - 128)
      return (
        min(sources - 2, position >> 8),
        Int32(min(256, position - min(sources - 2, position >> 8) << 8))
      )
    }
    let across = (0..<width).map { place($0, width, columns) }
    result.withUnsafeMutableBufferPointer { result in
      for row in 0..<height {
        let (top, down) = place(row, height, rows)
        for column in 0..<width {
          let (left, right) = across[column]
          let index = top * columns + left
          let upper = plane[index] * (256 - right) + plane[index + 1] * right
          let lower = plane[index + columns] * (256 - right) + plane[index + columns + 1] * right
          let value = ((upper >> 8) * (256 - down) + (lower >> 8) * down) >> 8
          let dither = bayer[(row & 3) * 4 + (column & 3)] * 16
          result[row * width + column] = UInt8(max(0, min(255, (value + dither) >> 8)))
        }
      }
    }
    return result
  }
}

extension Bitmap {
  /// The picture, reduced by a whole factor until it is not wider than this. Pixels are averaged.
  func averaged(toAtMost columns: Int) -> Bitmap {
    let factor = (width + columns - 1) / columns
    guard factor > 1, width >= factor, height >= factor else { return self }
    var result = Bitmap(width: width / factor, height: height / factor)
    pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<result.height {
        for column in 0..<result.width {
          var sums = SIMD4<UInt32>(repeating: 0)
          for y in row * factor..<(row + 1) * factor {
            for x in column * factor..<(column + 1) * factor {
              let index = 4 * (y * width + x)
              sums &+= SIMD4(
                UInt32(pixels[index]), UInt32(pixels[index + 1]), UInt32(pixels[index + 2]),
                UInt32(pixels[index + 3]))
            }
          }
          sums /= UInt32(factor * factor)
          for channel in 0..<4 {
            result.pixels[4 * (row * result.width + column) + channel] = UInt8(sums[channel])
          }
        }
      }
    }
    return result
  }
}
