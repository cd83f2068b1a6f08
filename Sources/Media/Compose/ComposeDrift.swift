/// A still picture that moves slowly behind a window with rounded corners.
///
/// Positions are integers in 1/65,536 pixel. So a movement of a few pixels per second has no
/// jitter, and every machine draws the same.
package struct DriftingPicture: Sendable {
  /// A part of the picture, in 1/65,536 of its pixels.
  package struct View: Hashable, Sendable {
    package var x: Int
    package var y: Int
    package var width: Int
    package var height: Int

    /// A part with these bounds.
    package init(x: Int, y: Int, width: Int, height: Int) {
      self.x = x
      self.y = y
      self.width = width
      self.height = height
    }
  }

  let source: VideoFrame
  /// Where the picture is seen in the frame. All numbers are even.
  package let window: Bitmap.Area
  private let start: View
  private let end: View
  private let corner: CornerMask

  /// A picture that moves from `start` to `end`.
  ///
  /// - Parameters:
  ///   - picture: Its size is even. Transparent parts show black.
  ///   - start: The part that the window shows at the start.
  ///   - end: The part that it shows at the end, with the same shape.
  package init(_ picture: Bitmap, window: Bitmap.Area, start: View, end: View, radius: Int = 12) {
    precondition(window.x % 2 == 0 && window.y % 2 == 0)
    precondition(window.width % 2 == 0 && window.height % 2 == 0)
    source = VideoFrame(picture)
    self.window = window
    self.start = start
    self.end = end
    corner = CornerMask(radius: radius)
  }

  /// Whether the picture does not move.
  package var isStill: Bool { start == end }

  /// Draws the picture at `time`, 0 … 65,536, onto a frame with the backdrop.
  package func draw(onto frame: inout VideoFrame, time: Int) {
    func between(_ from: Int, _ to: Int) -> Int { from + ((to - from) * time) >> 16 }
    let view = View(
      x: between(start.x, end.x), y: between(start.y, end.y),
      width: between(start.width, end.width), height: between(start.height, end.height))
    let corners = corner.save(frame, window)
    let half = View(
      x: view.x / 2, y: view.y / 2, width: view.width / 2, height: view.height / 2)
    let chroma = Bitmap.Area(
      x: window.x / 2, y: window.y / 2, width: window.width / 2, height: window.height / 2)
    DriftingPicture.sample(source.y, source.width, view, onto: &frame.y, frame.width, window)
    DriftingPicture.sample(
      source.u, source.width / 2, half, onto: &frame.u, frame.width / 2, chroma)
    DriftingPicture.sample(
      source.v, source.width / 2, half, onto: &frame.v, frame.width / 2, chroma)
    corner.restore(corners, to: &frame, window)
  }

  /// Scales bilinearly: each row of the window first mixes two rows of the source, then
  /// interpolates along the row.
  private static func sample(
    _ plane: [UInt8], _ stride: Int, _ view: View, onto target: inout [UInt8], _ targetStride: Int,
    _ window: Bitmap.Area
  ) {
    let rows = plane.count / stride
    // The centre of the target's pixel i is at view + (i + ½) · view ÷ window − ½ in the source.
    func places(_ count: Int, _ origin: Int, _ length: Int, _ limit: Int) -> [(Int32, UInt16)] {
      (0..<count).map { index in
        let position = origin + (2 * index + 1) * length / (2 * count) - 32_768
        let clamped = max(0, min((limit - 1) << 16, position))
        let whole = min(limit - 2, clamped >> 16)
        return (Int32(whole), UInt16((clamped - whole << 16) >> 8))
      }
    }
    guard stride >= 2, rows >= 2 else { return }
    let across = places(window.width, view.x, view.width, stride)
    let down = places(window.height, view.y, view.height, rows)
    var mixed = [UInt16](repeating: 0, count: stride)
    plane.withUnsafeBufferPointer { plane in
      target.withUnsafeMutableBufferPointer { target in
        mixed.withUnsafeMutableBufferPointer { mixed in
          across.withUnsafeBufferPointer { across in
            guard let plane = plane.baseAddress, let target = target.baseAddress,
              let mixed = mixed.baseAddress, let across = across.baseAddress
            else { return }
            let first = Int(across[0].0)
            let last = Int(across[window.width - 1].0) + 2
            for row in 0..<window.height {
              let upper = plane + Int(down[row].0) * stride
              let lower = upper + stride
              let (low, high) = (down[row].1, 256 - down[row].1)
              for index in first..<last {
                mixed[index] = UInt16(upper[index]) &* high &+ UInt16(lower[index]) &* low
              }
              let line = target + (window.y + row) * targetStride + window.x
              for column in 0..<window.width {
                let (place, fraction) = across[column]
                let left = UInt32(mixed[Int(place)])
                let right = UInt32(mixed[Int(place) + 1])
                line[column] = UInt8(
                  truncatingIfNeeded: (left &* UInt32(256 - fraction) &+ right &* UInt32(fraction)
                    &+ 32_768) >> 16)
              }
            }
          }
        }
      }
    }
  }
}

/// Rounds a window's corners. It keeps the earlier pixels and mixes them in again, by how much of
/// each pixel is outside the arc.
struct CornerMask: Sendable {
  let radius: Int
  /// How much of each pixel of the upper left corner is inside the window, 0 … 16.
  private let luma: [Int]
  private let chroma: [Int]

  init(radius: Int) {
    self.radius = radius & ~1
    luma = CornerMask.coverage(self.radius)
    chroma = CornerMask.coverage(self.radius / 2)
  }

  private static func coverage(_ radius: Int) -> [Int] {
    (0..<radius * radius).map { index in
      var inside = 0
      for step in 0..<16 {
        let x = 8 * radius - (8 * (index % radius) + 2 * (step % 4) + 1)
        let y = 8 * radius - (8 * (index / radius) + 2 * (step / 4) + 1)
        if x * x + y * y <= 64 * radius * radius { inside += 1 }
      }
      return inside
    }
  }

  /// The pixels of the four corners of each plane.
  func save(_ frame: VideoFrame, _ window: Bitmap.Area) -> [[UInt8]] {
    [
      places(luma, frame.width, window, 1).map { frame.y[$0.index] },
      places(chroma, frame.width / 2, window, 2).map { frame.u[$0.index] },
      places(chroma, frame.width / 2, window, 2).map { frame.v[$0.index] },
    ]
  }

  func restore(_ saved: [[UInt8]], to frame: inout VideoFrame, _ window: Bitmap.Area) {
    for (place, old) in zip(places(luma, frame.width, window, 1), saved[0]) {
      frame.y[place.index] = mixed(frame.y[place.index], old, place.inside)
    }
    for (index, place) in places(chroma, frame.width / 2, window, 2).enumerated() {
      frame.u[place.index] = mixed(frame.u[place.index], saved[1][index], place.inside)
      frame.v[place.index] = mixed(frame.v[place.index], saved[2][index], place.inside)
    }
  }

  private func mixed(_ new: UInt8, _ old: UInt8, _ inside: Int) -> UInt8 {
    UInt8((Int(new) * inside + Int(old) * (16 - inside) + 8) / 16)
  }

  private func places(
    _ mask: [Int], _ stride: Int, _ window: Bitmap.Area, _ divisor: Int
  ) -> [(index: Int, inside: Int)] {
    let size = radius / divisor
    let (left, top) = (window.x / divisor, window.y / divisor)
    let (right, bottom) = (left + window.width / divisor - 1, top + window.height / divisor - 1)
    return mask.indices.flatMap { index -> [(index: Int, inside: Int)] in
      let (x, y) = (index % size, index / size)
      return [
        ((top + y) * stride + left + x, mask[index]),
        ((top + y) * stride + right - x, mask[index]),
        ((bottom - y) * stride + left + x, mask[index]),
        ((bottom - y) * stride + right - x, mask[index]),
      ]
    }
  }
}
