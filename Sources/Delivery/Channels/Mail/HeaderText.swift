/// Text for the header of a mail: what other people typed, made so that it stays in its own field.
enum HeaderText {
  /// A character that never goes into a header: control characters, and what turns the direction
  /// of the text round, so that `gnp.exe` reads as a picture. Joiners stay: emoji need them.
  static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF, 0xFFFE, 0xFFFF: true
    default: false
    }
  }

  /// The text on one line: a run of blanks and unsafe characters is one space, and none stands at
  /// the ends.
  static func cleaned(_ text: String) -> String {
    var cleaned = String.UnicodeScalarView()
    var isGap = false
    for scalar in text.unicodeScalars {
      if scalar == " " || isUnsafe(scalar) {
        isGap = true
        continue
      }
      if isGap, !cleaned.isEmpty { cleaned.append(" ") }
      isGap = false
      cleaned.append(scalar)
    }
    return String(cleaned)
  }

  /// RFC 5322, 3.2.3: what an atom is made of.
  static func isAtom(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
  }

  /// Whether it is an ASCII letter or digit.
  static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: false
    }
  }

  /// The words of a subject, to be folded between any two of them: as they are, or encoded.
  static func subject(_ text: String) -> [String] {
    let text = cleaned(text)
    let words = text.split(separator: " ").map(String.init)
    let isPlain =
      text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("=?")
      && words.allSatisfy { $0.utf8.count <= 60 }
    return isPlain ? words : encodedWords(text)
  }

  /// A name before an address: atoms, a quoted string, or encoded words.
  static func phrase(_ text: String) -> [String] {
    let text = cleaned(text)
    let words = text.split(separator: " ").map(String.init)
    guard text.utf8.allSatisfy({ $0 < 0x80 }), !text.contains("=?"), text.utf8.count <= 60 else {
      return encodedWords(text)
    }
    if words.allSatisfy({ $0.utf8.allSatisfy(isAtom) }) { return words }
    let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    return ["\"" + escaped + "\""]
  }

  /// The text as encoded words of RFC 2047, each of at most 60 characters so that one has room
  /// behind a field's name. A character is never cut in two.
  ///
  /// The shorter encoding is taken: Q for languages of few accents, B for the others.
  static func encodedWords(_ text: String) -> [String] {
    func qCount(_ bytes: some Sequence<UInt8>) -> Int {
      bytes.reduce(0) { $0 + (isQ($1) || $1 == 0x20 ? 1 : 3) }
    }
    let byQ = qCount(text.utf8) <= (text.utf8.count + 2) / 3 * 4
    // In B, three bytes take four characters.
    let room = byQ ? 48 : 36
    var words: [String] = []
    var piece = String.UnicodeScalarView()
    var count = 0
    func flush() {
      let text = String(piece)
      words.append(byQ ? "=?utf-8?Q?\(qText(text))?=" : "=?utf-8?B?\(bText(text))?=")
      piece = String.UnicodeScalarView()
      count = 0
    }
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      let cost = byQ ? qCount(bytes) : bytes.count
      if count + cost > room, !piece.isEmpty { flush() }
      piece.append(scalar)
      count += cost
    }
    if !piece.isEmpty { flush() }
    return words
  }

  /// What the Q encoding leaves as it is, also in a name (RFC 2047, 5 (3)).
  private static func isQ(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || "!*+-/".utf8.contains(byte)
  }

  private static func qText(_ text: String) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      if byte == 0x20 {
        out.append(UInt8(ascii: "_"))
      } else if isQ(byte) {
        out.append(byte)
      } else {
        BodyEncoding.appendHex(byte, to: &out)
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func bText(_ text: String) -> String {
    String(decoding: BodyEncoding.base64(Array(text.utf8), lineLength: nil), as: UTF8.self)
  }
}
