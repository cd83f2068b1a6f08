/// A drawing that grows downwards and is 360 units wide, about the width of a phone. So its text
/// has the size of the page's text on a phone, and is a little larger on a desktop.
struct ChartCanvas {
  static let width = 360.0
  static let fontSize = 11.0

  private(set) var writer = MarkupWriter(capacity: 1 << 14)
  var height = 0.0
  /// The places of texts, for tests: texts must not overlap.
  private(set) var boxes: [Box] = []

  struct Box: Equatable {
    var x: Double
    var y: Double
    var width: Double
    var height: Double

    func overlaps(_ other: Box) -> Bool {
      x < other.x + other.width && other.x < x + width && y < other.y + other.height
        && other.y < y + height
    }
  }

  enum Anchor: String { case start, middle, end }

  /// Text on its baseline. If it is cut to `room`, a title holds the full text.
  mutating func text(
    _ content: String, x: Double, y: Double, anchor: Anchor = .start, room: Double = .infinity,
    style: String = "label", size: Double = ChartCanvas.fontSize
  ) {
    let shown = TextWidth.truncated(content, to: room, size: size)
    let width = TextWidth.of(shown, size: size)
    let start =
      switch anchor {
      case .start: x
      case .middle: x - width / 2
      case .end: x - width
      }
    boxes.append(Box(x: start, y: y - size * 0.8, width: width, height: size))
    writer.raw("<text")
    writer.attribute("class", style)
    writer.attribute("x", x)
    writer.attribute("y", y)
    if anchor != .start { writer.attribute("text-anchor", anchor.rawValue) }
    writer.raw(">")
    if shown != content { writer.element("title", content) }
    writer.text(shown)
    writer.raw("</text>")
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, style: String, round: Double = 0,
    title: String? = nil
  ) {
    // A calendar has hundreds of these, so each is written in few pieces.
    writer.raw("<rect class=\"")
    writer.text(style)
    writer.raw("\" x=\"")
    writer.length(x)
    writer.raw("\" y=\"")
    writer.length(y)
    writer.raw("\" width=\"")
    writer.length(max(0, width))
    writer.raw("\" height=\"")
    writer.length(max(0, height))
    if round > 0 {
      writer.raw("\" rx=\"")
      writer.length(round)
    }
    writer.raw("\"")
    guard let title else {
      writer.raw("/>")
      return
    }
    writer.raw(">")
    writer.element("title", title)
    writer.raw("</rect>")
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String) {
    writer.raw("<line")
    writer.attribute("class", style)
    writer.attribute("x1", x1)
    writer.attribute("y1", y1)
    writer.attribute("x2", x2)
    writer.attribute("y2", y2)
    writer.raw("/>")
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], style: String) {
    writer.raw("<polyline")
    writer.attribute("class", style)
    writer.attribute(
      "points",
      points.map { "\(MarkupWriter.length($0.x)),\(MarkupWriter.length($0.y))" }
        .joined(separator: " "))
    writer.raw("/>")
  }

  mutating func circle(
    x: Double, y: Double, radius: Double, style: String, title: String? = nil
  ) {
    writer.raw("<circle")
    writer.attribute("class", style)
    writer.attribute("cx", x)
    writer.attribute("cy", y)
    writer.attribute("r", radius)
    guard let title else {
      writer.raw("/>")
      return
    }
    writer.raw(">")
    writer.element("title", title)
    writer.raw("</circle>")
  }
}
