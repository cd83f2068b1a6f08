/// Builds markup as bytes. Text from elsewhere must go through `text` or `attribute`, which escape
/// it.
package struct MarkupWriter: Sendable {
  package private(set) var bytes: [UInt8] = []

  /// A writer without content.
  package init() {}

  /// - Parameter capacity: The expected number of bytes.
  package init(capacity: Int) { bytes.reserveCapacity(capacity) }

  /// Adds our own markup as it is. It stands in the source, so it is copied at once.
  package mutating func raw(_ markup: StaticString) {
    markup.withUTF8Buffer { bytes.append(contentsOf: $0) }
  }

  /// Adds our own markup as it is, without escaping.
  @_disfavoredOverload
  package mutating func raw(_ markup: String) { bytes.append(contentsOf: markup.utf8) }

  /// Adds finished markup.
  package mutating func raw(bytes markup: [UInt8]) { bytes.append(contentsOf: markup) }

  /// Adds text as data.
  package mutating func text(_ text: String) { XMLText.escape(text.utf8, to: &bytes) }

  /// Adds text as data.
  package mutating func text(_ text: Substring) { XMLText.escape(text.utf8, to: &bytes) }

  /// Adds UTF-8 text as data.
  package mutating func text(bytes text: ArraySlice<UInt8>) { XMLText.escape(text, to: &bytes) }

  /// ` name="value"`
  package mutating func attribute(_ name: StaticString, _ value: String) {
    beginAttribute(name)
    text(value)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func beginAttribute(_ name: StaticString) {
    bytes.append(UInt8(ascii: " "))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: "="))
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a number like `length(_:)`, without creating a string.
  mutating func length(_ value: Double) {
    var tenths = Int((value * 10).rounded())
    if tenths < 0 {
      bytes.append(UInt8(ascii: "-"))
      tenths = -tenths
    }
    var (whole, power) = (tenths / 10, 1)
    while whole / power >= 10 { power *= 10 }
    while power > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(whole / power))
      whole %= power
      power /= 10
    }
    guard tenths % 10 > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    bytes.append(UInt8(ascii: "0") + UInt8(tenths % 10))
  }

  /// ` name="12.5"`: a length in a drawing, rounded to a tenth.
  package mutating func attribute(_ name: StaticString, _ value: Double) {
    beginAttribute(name)
    length(value)
    bytes.append(UInt8(ascii: "\""))
  }

  /// `<name class="…">text</name>`
  package mutating func element(_ name: StaticString, class style: String? = nil, _ content: String)
  {
    bytes.append(UInt8(ascii: "<"))
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    if let style { attribute("class", style) }
    bytes.append(UInt8(ascii: ">"))
    text(content)
    raw("</")
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    bytes.append(UInt8(ascii: ">"))
  }

  /// A length rounded to a tenth, without a trailing zero. The digits are the same on every
  /// machine.
  static func length(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    if tenths % 10 == 0 { return String(tenths / 10) }
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
