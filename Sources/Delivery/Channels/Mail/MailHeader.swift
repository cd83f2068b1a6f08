/// The fields of a mail or of one of its parts, in order, folded.
struct MailHeader {
  /// No line is longer, unless one word alone is. RFC 5322 asks for 78, and RFC 2047 for 76 where
  /// words are encoded.
  private static let width = 76

  private(set) var bytes: [UInt8] = []

  /// Adds a field. The line is folded between words where it would become too long.
  ///
  /// - Parameter words: Without spaces at their ends, and of printable ASCII unless the whole mail
  ///   is for servers with SMTPUTF8.
  mutating func add(_ name: String, _ words: [String]) {
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: ":"))
    var column = name.utf8.count + 1
    for word in words {
      // Whatever a caller overlooked ends here: no field can end early, and none can begin.
      let word = word.utf8.filter { $0 >= 0x20 && $0 != 0x7F }
      if column + 1 + word.count > Self.width {
        bytes.append(contentsOf: "\r\n ".utf8)
        column = 1 + word.count
      } else {
        bytes.append(0x20)
        column += 1 + word.count
      }
      bytes.append(contentsOf: word)
    }
    bytes.append(contentsOf: "\r\n".utf8)
  }

  /// Adds a field whose value has parameters: RFC 2045, 5.1, and RFC 2231 for their values.
  mutating func add(_ name: String, _ value: String, _ parameters: [(name: String, value: String)])
  {
    var words = [value]
    for (name, value) in parameters {
      words[words.count - 1] += ";"
      words += Self.parameter(name, value)
    }
    add(name, words)
  }

  /// One parameter: quoted if it is ASCII, else percent-encoded, and in pieces if it is long.
  private static func parameter(_ name: String, _ value: String) -> [String] {
    let value = HeaderText.cleaned(value)
    // An encoded word must not stand between quotation marks: RFC 2047, 5 (3).
    let isPlain = value.utf8.allSatisfy { $0 < 0x80 } && !value.contains("=?")
    if isPlain, value.utf8.count + name.utf8.count < 70 {
      if value.utf8.allSatisfy({ HeaderText.isLetterOrDigit($0) || ".-_".utf8.contains($0) }) {
        return ["\(name)=\(value)"]
      }
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      return ["\(name)=\"\(escaped)\""]
    }
    var pieces = [""]
    for scalar in value.unicodeScalars {
      // The first piece names the character set, and each has a name, a number and a semicolon. A
      // character is never cut in two: some programs decode each piece alone.
      if pieces[pieces.count - 1].utf8.count > 46 - name.utf8.count { pieces.append("") }
      for byte in String(scalar).utf8 {
        if HeaderText.isLetterOrDigit(byte) || ".-_".utf8.contains(byte) {
          pieces[pieces.count - 1].unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          let hex = String(byte, radix: 16, uppercase: true)
          pieces[pieces.count - 1] += "%" + (hex.count == 1 ? "0" : "") + hex
        }
      }
    }
    if pieces.count == 1 { return ["\(name)*=utf-8''\(pieces[0])"] }
    return pieces.enumerated().map { number, piece in
      "\(name)*\(number)*=\(number == 0 ? "utf-8''" : "")\(piece)"
        + (number == pieces.count - 1 ? "" : ";")
    }
  }
}
