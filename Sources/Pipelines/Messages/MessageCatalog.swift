package import Basics
package import Diagnostics
import Foundation

/// The texts of all pages and films, one YAML file per locale: `messages/pt-BR.yaml`.
///
/// Keys are paths of names (`sections.people.title`). Texts contain parameters in braces
/// (`{count}`). A mapping of plural categories (`one`, `other`) is one message, and a number
/// chooses its form. A locale falls back to other locales of its language, then to English.
package struct MessageCatalog: Sendable {
  /// One message: a text, or one text per plural category of CLDR.
  package enum Message: Sendable, Equatable {
    case text(String)
    case plural([String: String])
  }

  /// Locale to key to message.
  let messages: [String: [String: Message]]
  /// Locale to key to the message's place in its file.
  let places: [String: [String: SpecPlace]]
  /// The messages of each locale and its fallbacks, in order. Prepared, because a page asks
  /// hundreds of times.
  private let chains: [String: [[String: Message]]]
  /// The number format of each locale.
  private let formats: [String: LocaleFormat]

  /// The SHA-256 of all locales, keys and texts, for stage keys.
  package let digest: SHA256Digest

  /// The locales, in alphabetical order.
  package var locales: [String] { messages.keys.sorted() }

  static let pluralCategories: Set<String> = ["zero", "one", "two", "few", "many", "other"]

  /// Reads every `LOCALE.yaml` of a folder. Throws the faults of all files at once.
  package init(folder: String) throws(Diagnostics) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: folder)
    } catch {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the messages folder cannot be read", at: .init(file: folder),
          hint: "it must be in the templates folder, beside the page templates", underlying: error)
      ])
    }
    var texts: [String: (file: String, text: String)] = [:]
    for name in names.sorted() where name.hasSuffix(".yaml") && !name.hasPrefix(".") {
      let file = "\(folder)/\(name)"
      texts[String(name.dropLast(5))] = (file, PipelineFile.text(of: file) ?? "")
    }
    try self.init(files: texts)
  }

  /// Reads catalogues from texts: locale to the file's name, as messages show it, and its text.
  package init(files: [String: (file: String, text: String)]) throws(Diagnostics) {
    var messages: [String: [String: Message]] = [:]
    var places: [String: [String: SpecPlace]] = [:]
    var diagnostics: [Diagnostic] = []
    for (locale, source) in files.sorted(by: { $0.key < $1.key }) {
      let reader = SpecReader(file: source.file)
      var found: [String: Message] = [:]
      var lines: [String: SpecPlace] = [:]
      if let root = reader.parse(source.text) { MessageCatalog.collect(root, "", &found, &lines) }
      do throws(Diagnostics) { try reader.finish() } catch { diagnostics += error.all }
      messages[locale] = found
      places[locale] = lines
    }
    guard diagnostics.isEmpty else { throw Diagnostics(diagnostics) }
    self.messages = messages
    self.places = places
    chains = Dictionary(
      uniqueKeysWithValues: messages.keys.map { locale in
        (locale, MessageCatalog.fallbacks(of: locale, in: messages).compactMap { messages[$0] })
      })
    formats = Dictionary(uniqueKeysWithValues: messages.keys.map { ($0, LocaleFormat($0)) })
    digest = MessageCatalog.digest(of: messages)
  }

  private static func digest(of messages: [String: [String: Message]]) -> SHA256Digest {
    var parts = KeyInputs(stage: "messages", version: 1)
    for (locale, texts) in messages {
      for (key, message) in texts {
        switch message {
        case .text(let text): parts.add("\(locale) \(key)", text)
        case .plural(let forms):
          for (form, text) in forms { parts.add("\(locale) \(key) \(form)", text) }
        }
      }
    }
    return parts.key.digest
  }

  func format(of locale: String) -> LocaleFormat { formats[locale] ?? LocaleFormat(locale) }

  /// The message of the first fallback locale that has it; `nil` without one.
  package func message(_ key: String, locale: String) -> Message? {
    for texts in chains[locale] ?? fallbacks(of: locale).compactMap({ messages[$0] }) {
      if let message = texts[key] { return message }
    }
    return nil
  }

  /// The locale itself, then others of its language in alphabetical order, then English.
  package func fallbacks(of locale: String) -> [String] {
    MessageCatalog.fallbacks(of: locale, in: messages)
  }

  private static func fallbacks(
    of locale: String, in messages: [String: [String: Message]]
  ) -> [String] {
    let language = locale.split(separator: "-").first.map(String.init) ?? locale
    let sameLanguage = messages.keys.sorted().filter {
      $0 != locale && ($0 == language || $0.hasPrefix(language + "-"))
    }
    var order = [locale]
    for next in sameLanguage + ["en"] where !order.contains(next) { order.append(next) }
    return order.filter { messages[$0] != nil }
  }

  /// The locale whose texts are used for `locale`. A page's `lang` must name it.
  package func effectiveLocale(for locale: String) -> String {
    let language = locale.split(separator: "-").first.map(String.init) ?? locale
    let first = fallbacks(of: locale).first ?? "en"
    return first.hasPrefix(language) ? locale : first
  }

  /// The keys that each locale lacks, of `keys` and of all keys that any locale has, in order.
  package func missing(_ keys: Set<String> = []) -> [(locale: String, key: String)] {
    let wanted = messages.values.reduce(into: keys) { $0.formUnion($1.keys) }
    return locales.flatMap { locale in
      wanted.filter { messages[locale]?[$0] == nil }.sorted().map { (locale, $0) }
    }
  }

  /// The keys of messages of any locale that begin with `prefix`.
  package func keys(beginningWith prefix: String) -> [String] {
    Set(messages.values.flatMap(\.keys)).filter { $0.hasPrefix(prefix) }.sorted()
  }

  private static func collect(
    _ node: SpecNode, _ path: String, _ found: inout [String: Message],
    _ places: inout [String: SpecPlace]
  ) {
    guard let map = node.mapping() else { return }
    if !map.entries.isEmpty, !path.isEmpty,
      map.entries.allSatisfy({ pluralCategories.contains($0.key) })
    {
      guard map["other"] != nil else {
        node.report("the plural form 'other' is missing")
        return
      }
      var forms: [String: String] = [:]
      for entry in map.entries { forms[entry.key] = text(entry.value) }
      found[path] = .plural(forms)
      places[path] = node.place
      return
    }
    for entry in map.entries {
      let key = path.isEmpty ? entry.key : "\(path).\(entry.key)"
      if entry.value.isMapping {
        collect(entry.value, key, &found, &places)
      } else if let text = text(entry.value) {
        found[key] = .text(text)
        places[key] = entry.value.place
      }
    }
  }

  /// The text of a message. A brace that does not belong to a parameter is reported: it would be on
  /// the page.
  private static func text(_ node: SpecNode) -> String? {
    guard let text = node.string() else { return nil }
    var rest = text[...]
    while let place = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      let inside = rest[rest.index(after: place)...]
      guard rest[place] == "{", let close = inside.firstIndex(where: { $0 == "}" || $0 == "{" }),
        inside[close] == "}", isParameter(inside[..<close])
      else {
        node.report(
          "a brace that does not belong to a parameter such as {count}",
          hint: "write the parameter's name between two braces, without blanks")
        return text
      }
      rest = inside[inside.index(after: close)...]
    }
    return text
  }

  private static func isParameter(_ name: Substring) -> Bool {
    name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      SpecNode.isName(String(part))
    }
  }
}
