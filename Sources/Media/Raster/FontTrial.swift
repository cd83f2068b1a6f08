package import Diagnostics

/// Draws letters of each script and looks at the pixels. That a font is installed does not say that
/// it can be read, or that it is found.
package enum FontTrial {
  private static let side = 96

  /// Throws `configuration` with the scripts whose letters are missing, or boxes. Returns the names
  /// of those that are drawn.
  @discardableResult
  package static func check() throws(Diagnostic) -> [String] {
    try RasterFonts.require()
    var faults: [FontSample] = []
    for sample in FontSample.all {
      if try !isDrawn(sample) { faults.append(sample) }
    }
    guard !faults.isEmpty else { return FontSample.all.map(\.script) }
    throw Diagnostic(
      .configuration,
      "fonts are installed, but text is not drawn: \(faults.map(\.script).joined(separator: ", "))",
      hint:
        "look whether this user can read the files below /usr/share/fonts, or install them again:"
        + " apt-get install --reinstall \(RasterFonts.packages(faults.map(\.package)))")
  }

  static func isDrawn(_ sample: FontSample) throws(Diagnostic) -> Bool {
    var drawings: [Bitmap] = []
    for letter in sample.text {
      let drawing = try draw(letter, sample)
      guard let ink = Ink(drawing), !ink.isBox else { return false }
      if sample.script == "emoji", !ink.isColoured { return false }
      drawings.append(drawing)
    }
    return Set(drawings).count == sample.text.count
  }

  static func draw(_ letter: Character, _ sample: FontSample) throws(Diagnostic) -> Bitmap {
    let families =
      sample.isCode
      ? RasterFonts.code(locale: sample.locale) : RasterFonts.text(locale: sample.locale)
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><text x="16" y="68" font-size="48" \
      font-family="\(families)" xml:lang="\(sample.locale)">\(XMLEscape.text(String(letter)))</text></svg>
      """
    return try Rasteriser.draw(svg, width: side, height: side)
  }

  /// What is drawn of a letter.
  struct Ink {
    /// Whether it is a frame: Pango draws one around the number of a letter that no font has.
    let isBox: Bool
    let isColoured: Bool

    /// `nil` if nothing is drawn.
    init?(_ bitmap: Bitmap) {
      func isInked(_ x: Int, _ y: Int) -> Bool {
        bitmap.pixels[4 * (y * bitmap.width + x) + 3] > 64
      }
      let rows = (0..<bitmap.height).filter { y in
        (0..<bitmap.width).contains { isInked($0, y) }
      }
      let columns = (0..<bitmap.width).filter { x in
        (0..<bitmap.height).contains { isInked(x, $0) }
      }
      guard let top = rows.first, let bottom = rows.last, let left = columns.first,
        let right = columns.last
      else { return nil }
      let (width, height) = (right - left + 1, bottom - top + 1)
      func isLine(_ lines: Range<Int>, _ length: Int, _ isInked: (Int, Int) -> Bool) -> Bool {
        lines.contains { line in (0..<length).count { isInked(line, $0) } * 10 >= length * 9 }
      }
      // A frame is thin. Its corners can be softened.
      let rim = 3
      isBox =
        width > 3 * rim && height > 3 * rim
        && isLine(top..<top + rim, width) { isInked(left + $1, $0) }
        && isLine(bottom - rim + 1..<bottom + 1, width) { isInked(left + $1, $0) }
        && isLine(left..<left + rim, height) { isInked($0, top + $1) }
        && isLine(right - rim + 1..<right + 1, height) { isInked($0, top + $1) }
      isColoured = stride(from: 0, to: bitmap.pixels.count, by: 4).contains { pixel in
        let parts = bitmap.pixels[pixel..<pixel + 3]
        return (parts.max() ?? 0) - (parts.min() ?? 0) > 60
      }
    }
  }
}
