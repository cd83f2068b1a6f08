package import Diagnostics

/// How a run of text is set, for measuring it: the same words as in SVG.
package struct TextStyle: Hashable, Sendable {
  /// A list of families: `RasterFonts.text(locale:)`.
  package var families: String
  /// In the SVG's units.
  package var size: Double
  /// CSS weight, 100 … 900.
  package var weight: Int
  /// Extra space between characters, in the SVG's units.
  package var spacing: Double
  /// A BCP 47 tag, which decides between Han variants.
  package var locale: String

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

/// Breaks text into lines by what it measures when drawn: SVG has no lines.
package enum RasterText {
  /// The widths of several texts, in the SVG's units, spaces at their ends included.
  package static func widths(
    _ texts: [String], style: TextStyle
  ) throws(Diagnostic) -> [Double] {
    if texts.isEmpty { return [] }
    // Ink has no spaces at its ends: each text stands between two letters, whose own width is taken off.
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

  /// The lines of `text`, none wider than `width`, at most `lines` of them; where it is longer, the last line
  /// ends with “…”.
  ///
  /// Breaks after spaces, hyphens and slashes, between Han, kana and hangul, and inside a word only where it
  /// is wider than a whole line. Directional controls are left out and white space is folded, so that a text
  /// can't reach beyond its own lines.
  package static func lines(
    _ text: String, width: Double, lines limit: Int, style: TextStyle
  ) throws(Diagnostic) -> [String] {
    precondition(limit > 0 && width > 0)
    var pieces = LineBreaks.pieces(LineBreaks.clean(text))
    // More than this never fits in the lines of a card.
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
    // Too long: take pieces back until the ellipsis has room.
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

  /// Splits pieces that are wider than a line, between characters.
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
    // Joined letters and ligatures are narrower than the sum of their characters: this errs to the safe side.
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
