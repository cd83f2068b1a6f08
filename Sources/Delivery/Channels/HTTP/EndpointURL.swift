/// The address of a web service: scheme, host and port, and a path with its query in which
/// `{recipient}` and `{key}` stand for a message's.
package struct EndpointURL: Hashable, Sendable {
  package let isEncrypted: Bool
  /// In lower case; an IPv6 address has its brackets.
  package let host: String
  package let port: Int
  /// Begins with a slash.
  package let template: String

  /// Reads `https://HOST[:PORT][/PATH]`; `nil` for anything else: another scheme, a user, a
  /// fragment, a character that URLs do not have.
  package init?(_ text: String) {
    let scheme = ["https://", "http://"].first { text.hasPrefix($0) }
    guard let scheme, text.utf8.count <= 2000,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !"\"<>\\^`|#".utf8.contains($0) })
    else { return nil }
    let rest = text.dropFirst(scheme.count)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let path = rest.dropFirst(authority.count)
    guard let (host, port) = Self.parts(authority, isEncrypted: scheme == "https://") else {
      return nil
    }
    self.isEncrypted = scheme == "https://"
    self.host = host
    self.port = port
    template = path.hasPrefix("/") ? String(path) : "/" + path
    let bare = template.replacing("{recipient}", with: "").replacing("{key}", with: "")
    guard !bare.contains("{"), !bare.contains("}") else { return nil }
  }

  /// `HOST:PORT`
  package var authority: String { "\(host):\(port)" }

  /// `https://HOST:PORT`
  var origin: String { "\(isEncrypted ? "https" : "http")://\(authority)" }

  /// The path for a message.
  func filled(recipient: String, key: String) -> String {
    guard template.contains("{") else { return template }
    // First the key, which cannot hold a brace.
    return template.replacing("{key}", with: key)
      .replacing("{recipient}", with: Self.encoded(recipient))
  }

  /// Where a redirect leads, if that is the same scheme, host and port.
  func redirected(_ location: String) -> EndpointURL? {
    let isPath = location.hasPrefix("/") && !location.hasPrefix("//")
    let text = isPath ? origin + location : location
    let end = text.firstIndex(of: "#") ?? text.endIndex
    guard let next = EndpointURL(String(text[..<end])), next.origin == origin,
      !next.template.contains("{")
    else { return nil }
    return next
  }

  /// Percent-encodes all but the unreserved characters of RFC 3986.
  static func encoded(_ text: String) -> String {
    var out: [UInt8] = []
    for byte in text.utf8 {
      if HeaderText.isLetterOrDigit(byte) || "-._~".utf8.contains(byte) {
        out.append(byte)
      } else {
        BodyEncoding.appendHex(byte, to: &out)
        out[out.count - 3] = UInt8(ascii: "%")
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  private static func parts(
    _ authority: Substring, isEncrypted: Bool
  ) -> (host: String, port: Int)? {
    var host = authority
    var port = isEncrypted ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority[colon...].contains("]") {
      let digits = authority[authority.index(after: colon)...]
      guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
        (1...65_535).contains(number)
      else { return nil }
      port = number
      host = authority[..<colon]
    }
    guard HostName.isValid(String(host)) else { return nil }
    return (host.lowercased(), port)
  }
}

/// Names of hosts in a configuration.
package enum HostName {
  /// Whether it is a name, or a number with or without brackets. Nothing in it can end a URL's
  /// host.
  package static func isValid(_ text: String) -> Bool {
    let isNumber = text.hasPrefix("[") && text.hasSuffix("]")
    let bare = isNumber ? text.dropFirst().dropLast() : text[...]
    return (1...253).contains(bare.utf8.count)
      && bare.utf8.allSatisfy {
        HeaderText.isLetterOrDigit($0) || "-._".utf8.contains($0)
          || isNumber && $0 == UInt8(ascii: ":")
      }
  }
}
