/// Writes the few SVG elements of the sample's pictures.
struct SampleSVG {
  static let sans = "Inter, Noto Sans, Noto Sans CJK JP, Noto Color Emoji"
  static let mono = "JetBrains Mono, Noto Sans Mono, Noto Sans CJK JP, Noto Color Emoji"

  private(set) var body = ""
  let width: Int
  let height: Int

  var document: String {
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(width) \(height)\">\(body)</svg>"
  }

  init(_ width: Int, _ height: Int, background: String) {
    self.width = width
    self.height = height
    rect(0, 0, width, height, background)
  }

  mutating func rect(
    _ x: Int, _ y: Int, _ width: Int, _ height: Int, _ fill: String, radius: Int = 0,
    opacity: String = "1"
  ) {
    body +=
      "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(max(0, width))\" height=\"\(max(0, height))\" "
      + "rx=\"\(radius)\" fill=\"\(fill)\" opacity=\"\(opacity)\"/>"
  }

  mutating func circle(_ x: Int, _ y: Int, _ radius: Int, _ fill: String, opacity: String = "1") {
    body +=
      "<circle cx=\"\(x)\" cy=\"\(y)\" r=\"\(radius)\" fill=\"\(fill)\" opacity=\"\(opacity)\"/>"
  }

  mutating func path(_ data: String, fill: String = "none", stroke: String = "none", width: Int = 0)
  {
    body +=
      "<path d=\"\(data)\" fill=\"\(fill)\" stroke=\"\(stroke)\" stroke-width=\"\(width)\" "
      + "stroke-linejoin=\"round\" stroke-linecap=\"round\"/>"
  }

  mutating func text(
    _ string: String, _ x: Int, _ y: Int, size: Int, _ fill: String, family: String = sans,
    weight: Int = 400, anchor: String = "start"
  ) {
    body +=
      "<text x=\"\(x)\" y=\"\(y)\" font-family=\"\(family)\" font-size=\"\(size)\" "
      + "font-weight=\"\(weight)\" fill=\"\(fill)\" text-anchor=\"\(anchor)\" xml:space=\"preserve\">"
      + Self.escaped(string) + "</text>"
  }

  /// A line of code, in parts with their own colours.
  mutating func line(_ parts: [(text: String, colour: String)], _ x: Int, _ y: Int, size: Int) {
    body +=
      "<text x=\"\(x)\" y=\"\(y)\" font-family=\"\(Self.mono)\" font-size=\"\(size)\" "
      + "xml:space=\"preserve\">"
    for part in parts {
      body += "<tspan fill=\"\(part.colour)\">\(Self.escaped(part.text))</tspan>"
    }
    body += "</text>"
  }

  /// Adds markup as it is.
  mutating func body(appending markup: String) { body += markup }

  /// Text in lines of at most `columns` half-width characters. Returns the y below the last line.
  @discardableResult
  mutating func paragraph(
    _ string: String, _ x: Int, _ y: Int, columns: Int, lines: Int, size: Int, _ fill: String,
    weight: Int = 400
  ) -> Int {
    var y = y
    for line in Self.wrapped(string, columns: columns, lines: lines) {
      text(line, x, y, size: size, fill, weight: weight)
      y += size * 13 / 10
    }
    return y
  }

  static func escaped(_ string: String) -> String {
    var out = ""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "\t": out += "    "
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out
  }

  /// The width of a text in half-width characters. East Asian letters count as two.
  static func columns(_ string: String) -> Int {
    string.reduce(0) { $0 + (($1.unicodeScalars.first?.value ?? 0) > 0x2e00 ? 2 : 1) }
  }

  static func wrapped(_ string: String, columns: Int, lines: Int) -> [String] {
    var result: [String] = []
    var line = ""
    func isWide(_ character: Character) -> Bool { Self.columns(String(character)) == 2 }
    var words: [String] = []
    var word = ""
    for character in string {
      if character == " " {
        words.append(word + " ")
        word = ""
      } else if isWide(character) {
        if !word.isEmpty { words.append(word) }
        words.append(String(character))
        word = ""
      } else {
        word.append(character)
      }
    }
    if !word.isEmpty { words.append(word) }
    for word in words {
      if !line.isEmpty, Self.columns(line) + Self.columns(word) > columns {
        result.append(line)
        line = ""
      }
      line += word
    }
    if !line.isEmpty { result.append(line) }
    guard result.count > lines else { return result }
    result = Array(result.prefix(lines))
    result[lines - 1] += "…"
    return result
  }
}
