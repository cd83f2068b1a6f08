package import Diagnostics

extension MessageCatalog {
  /// A parameter of a message.
  package enum Argument: Sendable, Equatable {
    case text(String)
    /// Written by the locale's rules. The number `count` chooses the plural form.
    case number(DecimalNumber)

    /// A text that somebody typed, without blanks around it. If it could change the order of the
    /// words around it, it is isolated from them, as `<bdi>` does in a page.
    package static func typed(_ text: String) -> Argument {
      var text = text.drop(while: \.isWhitespace)
      while text.last?.isWhitespace == true { text.removeLast() }
      // Scripts that run from right to left begin at U+0590; all bidi controls are behind it.
      guard text.unicodeScalars.contains(where: { $0.value >= 0x590 }) else {
        return .text(String(text))
      }
      // A control in the text could end the isolation.
      let plain = text.unicodeScalars.filter {
        !(0x202A...0x202E).contains($0.value) && !(0x2066...0x2069).contains($0.value)
      }
      return .text("\u{2068}" + String(String.UnicodeScalarView(plain)) + "\u{2069}")
    }
  }

  /// The text of a key with its parameters inserted.
  ///
  /// Throws `configuration` for a key that no fallback locale has, and for a parameter that is not
  /// given. Parameters are inserted as they are: whoever writes the page must escape the text.
  package func text(
    _ key: String, locale: String, _ arguments: [String: Argument] = [:]
  ) throws(Diagnostic) -> String {
    guard let message = message(key, locale: locale) else {
      throw Diagnostic(
        .configuration, "no message '\(key)' in the locale '\(locale)' or in English",
        hint: "add it to the message catalogues")
    }
    let template: String
    switch message {
    case .text(let text): template = text
    case .plural(let forms):
      guard case .number(let count) = arguments["count"] else {
        throw Diagnostic(
          .configuration,
          SpecReader.shown("the message '\(key)' has plural forms and needs the number 'count'"))
      }
      template = forms[format(of: locale).pluralCategory(count)] ?? forms["other"] ?? ""
    }
    return try fill(template, key: key, locale: locale, arguments)
  }

  /// The names of the parameters of a message, in all its forms.
  package static func parameters(of message: Message) -> Set<String> {
    let texts: [String] =
      switch message {
      case .text(let text): [text]
      case .plural(let forms): Array(forms.values)
      }
    var names: Set<String> = []
    for text in texts {
      var rest = text[...]
      while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        names.insert(String(rest[rest.index(after: open)..<close]))
        rest = rest[rest.index(after: close)...]
      }
    }
    return names
  }

  private func fill(
    _ template: String, key: String, locale: String, _ arguments: [String: Argument]
  ) throws(Diagnostic) -> String {
    guard template.utf8.contains(UInt8(ascii: "{")) else { return template }
    var text = ""
    var rest = Substring(template)
    while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
      text += rest[..<open]
      let name = String(rest[rest.index(after: open)..<close])
      switch arguments[name] {
      case .text(let value): text += value
      case .number(let value): text += format(of: locale).decimal(value)
      case nil:
        throw Diagnostic(
          .configuration,
          SpecReader.shown("the message '\(key)' needs '{\(name)}', which is not given"),
          hint: NearestWords.hint(for: name, in: arguments.keys.sorted()))
      }
      rest = rest[rest.index(after: close)...]
    }
    return text + rest
  }
}

extension LocaleFormat {
  /// CLDR's plural category of a number: `one`, `few`, `many` or `other`.
  ///
  /// In Portuguese, numbers from 0 to below 2 are `one`; in English and Spanish only 1 is. Large
  /// round numbers, which are `many` in Romance languages (“1 milhão de…”), are written in digits
  /// here and are `other`.
  package func pluralCategory(_ count: DecimalNumber) -> String {
    let value = count.magnitude
    switch language {
    case "pt" where region != "PT", "fr": return value < DecimalNumber(2) ? "one" : "other"
    case "zh", "ja", "ko", "id", "vi", "th": return "other"
    case "en", "de", "nl", "it", "sv":
      return value.integer == 1 && value.scale == 0 ? "one" : "other"
    default: return value == DecimalNumber(1) ? "one" : "other"
    }
  }
}
