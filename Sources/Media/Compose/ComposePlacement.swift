/// The place of a picture in a frame, and how it moves there.
package struct PicturePlacement: Hashable, Sendable {
  /// How a picture is shown.
  package enum Shape: String, Hashable, Sendable {
    /// Moves towards its part with most detail.
    case drifting
    /// Taller than its window: moves from the top downwards.
    case panning
    /// Smaller than half of the box in width and height: shown on a panel, without movement.
    case tiny
  }

  package var shape: Shape
  /// Where the picture is seen.
  package var window: Bitmap.Area
  /// The size to which the picture is scaled before it is drawn, in pixels; even.
  package var sourceWidth: Int
  package var sourceHeight: Int

  /// How much a drifting picture is enlarged: 5 %.
  private static let zoom = 1.05

  /// The place for a picture of this size.
  ///
  /// - Parameter box: The available room. The picture is centred in it.
  package init(width: Int, height: Int, in box: Bitmap.Area) {
    precondition(width > 0 && height > 0)
    let ratio = Double(height) / Double(width)
    let even = { (value: Double) in max(2, Int(value / 2 + 0.5) * 2) }
    if width * 2 < box.width, height * 2 < box.height {
      shape = .tiny
      sourceWidth = max(2, width & ~1)
      sourceHeight = max(2, height & ~1)
      window = PicturePlacement.centred(sourceWidth, sourceHeight, in: box)
      return
    }
    // Shown at most as large as the box, and enlarged at most 1.5 times.
    let fit = min(Double(box.width) / Double(width), Double(box.height) / Double(height), 1.5)
    let tall = Double(box.height) / Double(box.width) * 1.6
    if ratio > tall {
      shape = .panning
      let shown = min(Double(box.width), Double(box.height) * 0.9, Double(width) * 1.5)
      sourceWidth = even(shown)
      sourceHeight = min(16_000, even(shown * ratio))
      let windowHeight = min(box.height & ~1, sourceHeight)
      window = PicturePlacement.centred(sourceWidth, windowHeight, in: box)
      return
    }
    shape = .drifting
    window = PicturePlacement.centred(
      even(Double(width) * fit), even(Double(height) * fit), in: box)
    sourceWidth = even(Double(window.width) * PicturePlacement.zoom)
    sourceHeight = even(Double(window.height) * PicturePlacement.zoom)
  }

  private static func centred(_ width: Int, _ height: Int, in box: Bitmap.Area) -> Bitmap.Area {
    let (width, height) = (min(width, box.width & ~1), min(height, box.height & ~1))
    return Bitmap.Area(
      x: (box.x + (box.width - width) / 2) & ~1, y: (box.y + (box.height - height) / 2) & ~1,
      width: width, height: height)
  }

  /// The picture, moving in this place.
  package func moving(_ picture: Bitmap, radius: Int = 12) -> DriftingPicture {
    let scaled = picture.scaled(width: sourceWidth, height: sourceHeight)
    let whole = DriftingPicture.View(
      x: 0, y: 0, width: sourceWidth << 16, height: sourceHeight << 16)
    switch shape {
    case .tiny:
      return DriftingPicture(scaled, window: window, start: whole, end: whole, radius: 0)
    case .panning:
      let seen = window.height << 16
      let start = DriftingPicture.View(x: 0, y: 0, width: whole.width, height: seen)
      // Slow enough to read: a scene moves by at most the height of one window.
      let way = min(whole.height - seen, seen)
      let end = DriftingPicture.View(x: 0, y: way, width: whole.width, height: seen)
      return DriftingPicture(scaled, window: window, start: start, end: end, radius: radius)
    case .drifting:
      let focus = scaled.densestPlace()
      let (width, height) = (window.width << 16, window.height << 16)
      let end = DriftingPicture.View(
        x: (whole.width - width) * focus.x / 256, y: (whole.height - height) * focus.y / 256,
        width: width, height: height)
      return DriftingPicture(scaled, window: window, start: whole, end: end, radius: radius)
    }
  }
}

extension Bitmap {
  /// Where the picture has most detail: the centre of gravity of its edges, in 1/256 of its size.
  func densestPlace() -> (x: Int, y: Int) {
    let small = averaged(toAtMost: 96)
    var (sum, sumX, sumY) = (1, 0, 0)
    func light(_ x: Int, _ y: Int) -> Int {
      let index = 4 * (y * small.width + x)
      return Int(small.pixels[index]) + 2 * Int(small.pixels[index + 1])
        + Int(small.pixels[index + 2])
    }
    for y in 0..<small.height - 1 {
      for x in 0..<small.width - 1 {
        let edge = abs(light(x + 1, y) - light(x, y)) + abs(light(x, y + 1) - light(x, y))
        // Dense parts get extra weight, so that they win over a large plain part.
        let weight = edge * edge >> 6
        sum += weight
        sumX += weight * x
        sumY += weight * y
      }
    }
    let clamp = { (value: Int) in max(48, min(208, value)) }
    return (
      clamp(sumX * 256 / max(1, sum * max(1, small.width - 1))),
      clamp(sumY * 256 / max(1, sum * max(1, small.height - 1)))
    )
  }
}
