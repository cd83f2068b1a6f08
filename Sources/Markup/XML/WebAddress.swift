/// An address that somebody typed, and whether a page can link to it.
package struct WebAddress: Sendable {
  /// As it was typed.
  package let text: String

  /// The address in this text.
  package init(_ text: String) { self.text = text }

  /// Whether a page can link to it: it begins with `https://`, names a host, and names no user and
  /// no password.
  ///
  /// `https://bank.example@evil.example` leads to `evil.example`, and a password in a page is read
  /// by everybody who can read the page. Characters that a browser takes away or reads as another
  /// one could hide either, so an address with a control character, a space or a backslash before
  /// its path is not a link.
  package var isLink: Bool {
    guard text.hasPrefix("https://") else { return false }
    let host = authority
    return !host.isEmpty
      && host.allSatisfy {
        $0 != "@" && $0 != "\\" && $0.value > 0x20 && !(0x7F...0xA0).contains($0.value)
      }
  }

  /// The text without the user and the password of an address.
  package var withoutUser: String {
    guard let at = authority.lastIndex(of: "@") else { return text }
    return String(text[..<authority.startIndex] + text[text.unicodeScalars.index(after: at)...])
  }

  /// What stands between `//` and the path, the query or the fragment. A text without a scheme,
  /// such as `user:word@host/path`, is read as an address too.
  private var authority: Substring.UnicodeScalarView {
    let scalars = text.unicodeScalars
    var rest = scalars[...]
    if let colon = scalars.firstIndex(of: ":"), scalars[colon...].starts(with: "://".unicodeScalars)
    {
      rest = scalars[colon...].dropFirst(3)
    }
    return rest.prefix { !"/?#".unicodeScalars.contains($0) }
  }
}
