import Foundation

/// One mail address that can be written into a mail and said to a server as it is.
///
/// It is `local@domain` with a local part of dots and atoms, which can be any Unicode (RFC 6531),
/// and a host name as domain. Quoted local parts, comments and address literals are refused: hardly
/// anybody has one, and two readers seldom agree on what they mean.
package struct MailAddress: Hashable, Sendable {
  /// The name of who has it, not yet encoded.
  package var name: String?
  /// What stands before the last at sign.
  package let local: String
  /// The host name in ASCII; a name in another script is in its `xn--` form.
  package let domain: String

  /// The address as servers and mails have it: `ana@example.org`.
  package var wire: String { local + "@" + domain }

  /// Whether only servers with SMTPUTF8 can take it.
  package var isInternational: Bool { !local.utf8.allSatisfy { $0 < 0x80 } }

  /// Reads `local@domain`; `nil` for anything else: nothing, two addresses, a name before it.
  package init?(_ text: String, name: String? = nil) {
    guard text.utf8.count <= 254, let at = text.lastIndex(of: "@") else { return nil }
    let local = text[..<at]
    guard Self.isLocal(local), let domain = Self.domain(text[text.index(after: at)...]) else {
      return nil
    }
    self.local = String(local)
    self.domain = domain
    self.name = name.flatMap { HeaderText.cleaned($0).isEmpty ? nil : $0 }
  }

  /// Reads `Name <local@domain>`, or an address alone.
  package init?(mailbox text: String) {
    guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
      self.init(text)
      return
    }
    let name = text[..<open].drop(while: \.isWhitespace)
    let end = name.lastIndex { !$0.isWhitespace }
    let trimmed = end.map { String(name[...$0]) } ?? ""
    let isQuoted = trimmed.count >= 2 && trimmed.hasPrefix("\"") && trimmed.hasSuffix("\"")
    self.init(
      String(text[text.index(after: open)...].dropLast()),
      name: isQuoted ? String(trimmed.dropFirst().dropLast()) : trimmed)
  }

  /// RFC 5322, 3.2.3, and for other scripts RFC 6531, 3.3.
  private static func isLocal(_ text: Substring) -> Bool {
    guard (1...64).contains(text.utf8.count) else { return false }
    let atoms = text.split(separator: ".", omittingEmptySubsequences: false)
    return atoms.allSatisfy { atom in
      !atom.isEmpty
        && atom.unicodeScalars.allSatisfy { scalar in
          guard scalar.isASCII else {
            return !HeaderText.isUnsafe(scalar) && !scalar.properties.isWhitespace
          }
          return HeaderText.isAtom(UInt8(scalar.value))
        }
    }
  }

  /// The name of a host in ASCII; `nil` if it cannot be one.
  private static func domain(_ text: Substring) -> String? {
    let lowered = text.lowercased().precomposedStringWithCanonicalMapping
    // The other full stops that people type, RFC 3490, 3.1.
    let labels = lowered.split(omittingEmptySubsequences: false) { ".。．｡".contains($0) }
    var names: [String] = []
    for label in labels {
      guard let name = asciiLabel(label) else { return nil }
      names.append(name)
    }
    let name = names.joined(separator: ".")
    // A top level of digits is an address in disguise.
    guard name.utf8.count <= 253, names.count >= 1, names.last?.allSatisfy(\.isNumber) == false
    else { return nil }
    return name
  }

  private static func asciiLabel(_ label: Substring) -> String? {
    let isASCII = label.utf8.allSatisfy { $0 < 0x80 }
    guard let first = label.unicodeScalars.first, let last = label.unicodeScalars.last,
      first != "-", last != "-",
      label.unicodeScalars.allSatisfy({ $0 == "-" || isLetterMarkOrDigit($0) }),
      let name = isASCII ? String(label) : Punycode.encoded(label).map({ "xn--" + $0 }),
      name.utf8.count <= 63
    else { return nil }
    return name
  }

  private static func isLetterMarkOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .lowercaseLetter, .otherLetter, .modifierLetter, .nonspacingMark, .spacingMark,
      .decimalNumber:
      true
    default: false
    }
  }
}

/// Labels of host names in other scripts, written in ASCII: RFC 3492.
enum Punycode {
  /// The ASCII form without `xn--`; `nil` if numbers overflow, which no real label reaches.
  static func encoded(_ label: Substring) -> String? {
    let scalars = label.unicodeScalars.map { UInt32($0.value) }
    guard scalars.count <= 63 else { return nil }
    var output = scalars.filter { $0 < 0x80 }.map { UInt8($0) }
    let basic = UInt32(output.count)
    var handled = basic
    if basic > 0 { output.append(UInt8(ascii: "-")) }
    var (code, delta, bias) = (UInt32(128), UInt32(0), UInt32(72))
    while handled < scalars.count {
      guard let next = scalars.filter({ $0 >= code }).min() else { return nil }
      // At most 63 scalars below 2²¹: the product stays below 2³².
      delta += (next - code) * (handled + 1)
      code = next
      for scalar in scalars {
        if scalar < code { delta += 1 }
        guard scalar == code else { continue }
        var rest = delta
        var step: UInt32 = 36
        while true {
          let limit = step <= bias ? 1 : (step >= bias + 26 ? 26 : step - bias)
          if rest < limit { break }
          output.append(digit(limit + (rest - limit) % (36 - limit)))
          rest = (rest - limit) / (36 - limit)
          step += 36
        }
        output.append(digit(rest))
        bias = adapted(delta, count: handled + 1, isFirst: handled == basic)
        delta = 0
        handled += 1
      }
      delta += 1
      code += 1
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func digit(_ value: UInt32) -> UInt8 {
    UInt8(value < 26 ? value + 0x61 : value - 26 + 0x30)
  }

  private static func adapted(_ delta: UInt32, count: UInt32, isFirst: Bool) -> UInt32 {
    var delta = isFirst ? delta / 700 : delta / 2
    delta += delta / count
    var steps: UInt32 = 0
    while delta > 455 {
      delta /= 35
      steps += 36
    }
    return steps + 36 * delta / (delta + 38)
  }
}
