/// Reads the replies of an object store: flat XML without relevant attributes.
package enum ObjectXML {
  /// The content between each `<name>` and its end tag, in order.
  package static func elements(_ name: String, in bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
    let (begin, end) = (Array("<\(name)>".utf8), Array("</\(name)>".utf8))
    var found: [ArraySlice<UInt8>] = []
    var rest = bytes
    while let start = index(of: begin, in: rest),
      let stop = index(of: end, in: rest[(start + begin.count)...])
    {
      found.append(rest[(start + begin.count)..<stop])
      rest = rest[(stop + end.count)...]
    }
    return found
  }

  /// The text of the first element with this name; `nil` if there is none.
  package static func text(_ name: String, in bytes: ArraySlice<UInt8>) -> String? {
    elements(name, in: bytes).first.map(unescaped)
  }

  /// Text escaped for use in an element.
  package static func escaped(_ text: String) -> String {
    // By scalars: with an accent after it, `<` is another character, and a sign of XML all the
    // same.
    text.unicodeScalars.reduce(into: "") { out, scalar in
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      default: out.unicodeScalars.append(scalar)
      }
    }
  }

  private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
    let text = String(decoding: bytes, as: UTF8.self)
    var out = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let start = rest.firstIndex(of: "&"), let end = rest[start...].firstIndex(of: ";") {
      out += rest[..<start]
      let name = Substring(rest[rest.index(after: start)..<end])
      out += (entity(name) ?? "&\(name);").unicodeScalars
      rest = rest[rest.index(after: end)...]
    }
    return String(out + rest)
  }

  private static func entity(_ name: Substring) -> String? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.first == "#" else { return nil }
      let digits = name.dropFirst()
      let code =
        digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
      return code.flatMap(Unicode.Scalar.init).map { String(Character($0)) }
    }
  }

  private static func index(of word: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= word.count else { return nil }
    return bytes.withUnsafeBufferPointer { buffer in
      var place = 0
      while place + word.count <= buffer.count {
        if buffer[place] == word[0], buffer[place + 1] == word[1],
          buffer[place..<(place + word.count)].elementsEqual(word)
        {
          return bytes.startIndex + place
        }
        place += 1
      }
      return nil
    }
  }
}
