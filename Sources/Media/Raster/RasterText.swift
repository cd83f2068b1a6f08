import Basics
package import Diagnostics

/// The style of a text that is measured, with SVG's words.
package struct TextStyle: Hashable, Sendable {
  /// A list of font families: `RasterFonts.text(locale:)`.
  package var families: String
  /// In the SVG's units.
  package var size: Double
  /// The CSS weight, 100 … 900.
  package var weight: Int
  /// Extra space between characters, in the SVG's units.
  package var spacing: Double
  /// A BCP 47 tag, which chooses the Han variant.
  package var locale: String

  /// A style with these values.
  package init(
    families: String? = nil, size: Double, weight: Int = 400, spacing: Double = 0,
    locale: String = "en"
  ) {
    self.families = families ?? RasterFonts.text(locale: locale)
    self.size = size
    self.weight = weight
    self.spacing = spacing
    self.locale = locale
  }
}

/// Breaks text into lines by its drawn width, because SVG has no line breaks.
package enum RasterText {
  /// The widths of several texts in the SVG's units, with the spaces at their ends.
  package static func widths(
    _ texts: [String], style: TextStyle
  ) throws(Diagnostic) -> [Double] {
    var widths = measured.withLock { known in
      texts.map { known[MeasuredText(style: style, text: $0)] }
    }
    var unknown: [String] = []
    for (text, width) in zip(texts, widths) where width == nil && !unknown.contains(text) {
      unknown.append(text)
    }
    if !unknown.isEmpty {
      let found = try measure(unknown, style: style)
      measured.withLock { known in
        if known.count + unknown.count > mostMeasured { known.removeAll(keepingCapacity: true) }
        for (text, width) in zip(unknown, found) {
          known[MeasuredText(style: style, text: text)] = width
        }
      }
      for place in widths.indices where widths[place] == nil {
        widths[place] = unknown.firstIndex(of: texts[place]).map { found[$0] }
      }
    }
    return widths.map { $0 ?? 0 }
  }

  private struct MeasuredText: Hashable {
    var style: TextStyle
    var text: String
  }

  /// Most cards have mostly the same words, and measuring takes longer than drawing.
  private static let measured = Locked<[MeasuredText: Double]>([:])
  private static let mostMeasured = 20_000

  private static func measure(
    _ texts: [String], style: TextStyle
  ) throws(Diagnostic) -> [Double] {
    // A measured width does not count spaces at the ends. So each text is put between two letters,
    // and their width is subtracted.
    var svg = """
      <svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><g font-family="\(
        style.families)" font-size="\(style.size)" font-weight="\(style.weight)" letter-spacing="\(
          style.spacing)" xml:lang="\(XMLEscape.text(style.locale))" xml:space="preserve">
      <text id="t">HH</text>
      """
    for (index, text) in texts.enumerated() {
      svg += "<text id=\"t\(index)\">H\(XMLEscape.text(text))H</text>"
    }
    svg += "</g></svg>"
    let ids = ["t"] + texts.indices.map { "t\($0)" }
    let found = try Rasteriser.extents(Array(svg.utf8), ids: ids).map(\.width)
    return found.dropFirst().map { max(0, $0 - found[0]) }
  }

  /// The lines of `text`: at most `lines` lines, none wider than `width`. If the text is longer,
  /// the last line ends with “…”.
  ///
  /// Lines break after spaces, hyphens and slashes, and between Han, kana and hangul. A word is
  /// broken only if it is wider than a whole line. Directional controls are removed and white space
  /// becomes single spaces, so that a text cannot leave its own lines.
  package static func lines(
    _ text: String, width: Double, lines limit: Int, style: TextStyle
  ) throws(Diagnostic) -> [String] {
    precondition(limit > 0 && width > 0)
    var pieces = LineBreaks.pieces(LineBreaks.clean(text))
    // A longer text never fits on a card.
    if pieces.count > 400 { pieces = Array(pieces.prefix(400)) }
    var widths = try widths(pieces, style: style)
    try split(&pieces, &widths, width, style)
    let ellipsis = try RasterText.widths(["…"], style: style)[0]
    var lines: [String] = []
    var line = ""
    var used = 0.0
    var index = 0
    while index < pieces.count {
      let piece = pieces[index]
      let bare = piece.hasSuffix(" ") ? widths[index] - style.size * 0.2 : widths[index]
      if used + bare <= width || line.isEmpty {
        line += piece
        used += widths[index]
        index += 1
        continue
      }
      if lines.count == limit - 1 { break }
      lines.append(trimmed(line))
      line = ""
      used = 0
    }
    guard index < pieces.count else { return lines + (line.isEmpty ? [] : [trimmed(line)]) }
    // Too long: remove pieces until there is room for the ellipsis.
    var back = index
    while used + ellipsis > width, back > 0, line != pieces[back - 1] {
      back -= 1
      line.removeLast(pieces[back].count)
      used -= widths[back]
    }
    while used + ellipsis > width, !line.isEmpty {
      line.removeLast()
      used = try RasterText.widths([line], style: style)[0]
    }
    return lines + [trimmed(line) + "…"]
  }

  /// Splits pieces that are wider than a line between characters.
  private static func split(
    _ pieces: inout [String], _ widths: inout [Double], _ width: Double, _ style: TextStyle
  ) throws(Diagnostic) {
    guard let wide = widths.firstIndex(where: { $0 > width }) else { return }
    let characters = pieces[wide].map { String($0) }
    let single = try RasterText.widths(characters, style: style)
    var parts: [String] = []
    var partWidths: [Double] = []
    for (character, advance) in zip(characters, single) {
      if let last = partWidths.last, last + advance <= width * 0.98 {
        parts[parts.count - 1] += character
        partWidths[parts.count - 1] += advance
      } else {
        parts.append(character)
        partWidths.append(advance)
      }
    }
    // Joined letters and ligatures are narrower than the sum of their characters, so the result is
    // never too wide.
    pieces.replaceSubrange(wide...wide, with: parts)
    widths.replaceSubrange(wide...wide, with: partWidths.map { min($0, width) })
    try split(&pieces, &widths, width, style)
  }

  private static func trimmed(_ line: String) -> String {
    var line = Substring(line)
    while line.last == " " { line.removeLast() }
    while line.first == " " { line.removeFirst() }
    return String(line)
  }
}
