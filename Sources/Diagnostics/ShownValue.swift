/// A value of the platform's rows, for a message.
///
/// A message may name a value of a closed list: a time zone, a state, a currency. What a person
/// wrote does not belong there, so only what looks like a word of such a list is shown.
package enum ShownValue {
  private static let longest = 40

  /// `“GMT-3”`, or how long the value is.
  package static func quoted(_ text: String) -> String {
    isWord(text) ? "“\(text)”" : "(\(Counted.text(text.count, "character")))"
  }

  /// Whether a value is short, and of letters, digits and signs that names of zones have.
  package static func isWord(_ text: String) -> Bool {
    text.utf8.count <= longest
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "_+-/:.<> ".utf8.contains(byte)
        }
      }
  }
}
