/// Builds markup as bytes. What comes from elsewhere goes through `text` or `attribute`, which escape it.
public struct MarkupWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  /// Adds markup of our own as it is.
  public mutating func raw(_ markup: some StringProtocol) { bytes.append(contentsOf: markup.utf8) }

  /// Adds finished markup.
  public mutating func raw(bytes markup: some Sequence<UInt8>) {
    bytes.append(contentsOf: markup)
  }

  /// Adds text as data.
  public mutating func text(_ text: some StringProtocol) { XMLText.escape(text.utf8, to: &bytes) }

  /// Adds UTF-8 text as data.
  public mutating func text(bytes text: some Sequence<UInt8>) { XMLText.escape(text, to: &bytes) }

  /// ` name="value"`
  public mutating func attribute(_ name: StaticString, _ value: some StringProtocol) {
    raw(" \(name)=\"")
    text(value)
    bytes.append(UInt8(ascii: "\""))
  }

  /// ` name="12.5"`: a length on a drawing, to a tenth.
  public mutating func attribute(_ name: StaticString, _ value: Double) {
    raw(" \(name)=\"\(MarkupWriter.length(value))\"")
  }

  /// `<name class="…">text</name>`
  public mutating func element(_ name: StaticString, class style: String? = nil, _ content: String)
  {
    raw("<\(name)")
    if let style { attribute("class", style) }
    bytes.append(UInt8(ascii: ">"))
    text(content)
    raw("</\(name)>")
  }

  /// A length to a tenth, without a useless zero: the same digits on every machine.
  static func length(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    if tenths % 10 == 0 { return String(tenths / 10) }
    let sign = tenths < 0 ? "-" : ""
    return "\(sign)\(abs(tenths) / 10).\(abs(tenths) % 10)"
  }
}
