/// A picture with alpha that can be drawn over frames: text, a lower third, a card.
package struct Overlay: Sendable {
  /// Its place in the frame. All numbers are even.
  package let x: Int
  package let y: Int
  package let width: Int
  package let height: Int
  private let planes: OverlayPlanes
  /// For each row of luma and chroma, the columns that are not fully transparent.
  private let spans: [Range<Int>]
  private let chromaSpans: [Range<Int>]

  /// The visible part of `bitmap` at (`x`, `y`), both even; `nil` if nothing is visible.
  package init?(_ bitmap: Bitmap, x: Int = 0, y: Int = 0) {
    precondition(x % 2 == 0 && y % 2 == 0)
    guard let visible = bitmap.visibleArea() else { return nil }
    let part = bitmap.cropped(visible)
    self.x = x + visible.x
    self.y = y + visible.y
    width = part.width
    height = part.height
    let planes = OverlayPlanes(part)
    self.planes = planes
    spans = Overlay.spans(planes.a, width)
    chromaSpans = Overlay.spans(planes.ac, width / 2)
  }

  /// Draws it over `frame`, with `opacity` 0 … 256.
  ///
  /// - Precondition: It is within the frame.
  package func blend(onto frame: inout VideoFrame, opacity: Int) {
    precondition(x >= 0 && y >= 0 && x + width <= frame.width && y + height <= frame.height)
    let opacity = UInt16(max(0, min(256, opacity)))
    if opacity == 0 { return }
    let stride = frame.width
    Overlay.blend(
      planes.y, planes.a, spans, width, onto: &frame.y, stride, x, y, opacity)
    Overlay.blend(
      planes.u, planes.ac, chromaSpans, width / 2, onto: &frame.u, stride / 2, x / 2, y / 2, opacity
    )
    Overlay.blend(
      planes.v, planes.ac, chromaSpans, width / 2, onto: &frame.v, stride / 2, x / 2, y / 2, opacity
    )
  }

  private static func blend(
    _ source: [UInt8], _ alpha: [UInt8], _ spans: [Range<Int>], _ width: Int,
    onto plane: inout [UInt8], _ stride: Int, _ x: Int, _ y: Int, _ opacity: UInt16
  ) {
    source.withUnsafeBufferPointer { source in
      alpha.withUnsafeBufferPointer { alpha in
        plane.withUnsafeMutableBufferPointer { plane in
          guard let source = source.baseAddress, let alpha = alpha.baseAddress,
            let plane = plane.baseAddress
          else { return }
          for row in 0..<spans.count where !spans[row].isEmpty {
            let span = spans[row]
            Overlay.blendRow(
              source + row * width + span.lowerBound, alpha + row * width + span.lowerBound,
              plane + (y + row) * stride + x + span.lowerBound, span.count, opacity)
          }
        }
      }
    }
  }

  /// d ← s·o + d·(255 − a·o) ÷ 255, all in 16 bits.
  @inline(__always)
  private static func blendRow(
    _ source: UnsafePointer<UInt8>, _ alpha: UnsafePointer<UInt8>,
    _ target: UnsafeMutablePointer<UInt8>, _ count: Int, _ opacity: UInt16
  ) {
    if opacity == 256 {
      for index in 0..<count {
        let x = UInt16(target[index]) &* (255 &- UInt16(alpha[index])) &+ 128
        target[index] = source[index] &+ UInt8(truncatingIfNeeded: (x &+ (x >> 8)) >> 8)
      }
      return
    }
    for index in 0..<count {
      let a = (UInt16(alpha[index]) &* opacity) >> 8
      let s = (UInt16(source[index]) &* opacity) >> 8
      let x = UInt16(target[index]) &* (255 &- a) &+ 128
      target[index] = UInt8(truncatingIfNeeded: s &+ ((x &+ (x >> 8)) >> 8))
    }
  }

  private static func spans(_ alpha: [UInt8], _ width: Int) -> [Range<Int>] {
    (0..<alpha.count / width).map { row in
      let line = alpha[row * width..<(row + 1) * width]
      guard let first = line.firstIndex(where: { $0 > 0 }),
        let last = line.lastIndex(where: { $0 > 0 })
      else { return 0..<0 }
      return first - row * width..<last + 1 - row * width
    }
  }
}

extension Bitmap {
  /// A rectangle of pixels.
  package struct Area: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    /// A rectangle with these bounds.
    package init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  /// The smallest even rectangle around all pixels that are not transparent; `nil` if there are
  /// none.
  func visibleArea() -> Area? {
    var (left, right, top, bottom) = (width, 0, height, 0)
    pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<height {
        for column in 0..<width where pixels[4 * (row * width + column) + 3] > 0 {
          left = min(left, column)
          right = max(right, column + 1)
          top = min(top, row)
          bottom = max(bottom, row + 1)
        }
      }
    }
    guard right > left else { return nil }
    left &= ~1
    top &= ~1
    return Area(x: left, y: top, width: (right - left + 1) & ~1, height: (bottom - top + 1) & ~1)
  }

  /// A part of the bitmap. What is outside the bitmap is transparent.
  package func cropped(_ area: Area) -> Bitmap {
    var part = Bitmap(width: area.width, height: area.height)
    for row in max(0, -area.y)..<max(max(0, -area.y), min(area.height, height - area.y)) {
      let from = max(0, area.x)
      let to = min(width, area.x + area.width)
      if from >= to { break }
      let source = ((area.y + row) * width + from) * 4..<((area.y + row) * width + to) * 4
      let start = (row * area.width + from - area.x) * 4
      part.pixels.replaceSubrange(start..<start + source.count, with: pixels[source])
    }
    return part
  }
}
