import Basics
import Diagnostics
import Yams

/// A value of a YAML file with its place. Each accessor returns the wanted type; or it reports to
/// the reader what it expected and where, and returns `nil`.
package struct SpecNode {
  let node: Yams.Node
  let reader: SpecReader

  /// Where the value begins, from 1.
  package var line: Int? { node.mark?.line }
  package var column: Int? { node.mark?.column }

  /// Adds a diagnostic at this value.
  package func report(_ message: String, hint: String? = nil) {
    reader.report(message, line: line, column: column, hint: hint)
  }

  /// The value as text. Numbers and booleans are text too.
  package func string() -> String? {
    guard case .scalar(let scalar) = node else { return expected("text") }
    return scalar.string
  }

  /// The value as one of `words`. Anything else is reported with the word that is meant, or the
  /// nearest one.
  ///
  /// - Parameter meant: what people write who know other programs, and the word for it here.
  package func word(of words: [String], meant: [String: String] = [:]) -> String? {
    guard let text = string() else { return nil }
    guard words.contains(text) else {
      if words.isEmpty {
        report("'\(text)' is unknown: there is nothing to choose from")
        return nil
      }
      let word = meant[text.lowercased().replacing("-", with: "_")]
      report(
        "expected one of \(words.joined(separator: ", ")), found '\(text)'",
        hint: word.map { "did you mean \($0)?" } ?? NearestWords.hint(for: text, in: words))
      return nil
    }
    return text
  }

  /// The value as a name: a lower-case letter, then letters, digits and underscores.
  package func name() -> String? {
    guard let text = string() else { return nil }
    guard SpecNode.isName(text) else {
      report("expected a name of [a-z0-9_], beginning with a letter, found '\(text)'")
      return nil
    }
    // PostgreSQL cuts longer names.
    guard text.utf8.count <= 63 else {
      report("the name '\(text)' has more than 63 letters")
      return nil
    }
    return text
  }

  /// The value as a whole number.
  package func integer() -> Int? {
    guard case .scalar(let scalar) = node, let value = Int(scalar.string) else {
      return expected("a whole number")
    }
    return value
  }

  /// The value as `true` or `false`.
  package func boolean() -> Bool? {
    guard case .scalar = node, let value = node.bool else { return expected("true or false") }
    return value
  }

  /// A length of time, `90s`, `4m`, `2h` or `10d`, in seconds.
  package func duration() -> Int? {
    guard let text = string() else { return nil }
    if let seconds = DurationText.seconds(text) { return seconds }
    report("expected a length of time such as 90s, 4m or 2h, found '\(text)'")
    return nil
  }

  /// The elements. A single value is a list of one.
  package func list() -> [SpecNode] {
    if case .sequence(let sequence) = node {
      return sequence.map { SpecNode(node: $0, reader: reader) }
    }
    if isNull { return [] }
    return [self]
  }

  /// The value as a mapping in the file's order. With `keys`, an unknown key is reported with the
  /// nearest key.
  package func mapping(keys known: [String]? = nil) -> SpecMapping? {
    if isNull { return SpecMapping(node: self, entries: []) }
    guard case .mapping(let mapping) = node else { return expected("a mapping") }
    var entries: [(key: String, keyNode: SpecNode, value: SpecNode)] = []
    for (key, value) in mapping {
      let keyNode = SpecNode(node: key, reader: reader)
      guard let name = keyNode.string() else { continue }
      if let known, !known.contains(name) {
        keyNode.report(
          "unknown key '\(name)', expected \(known.joined(separator: ", "))",
          hint: NearestWords.hint(for: name, in: known))
        continue
      }
      entries.append((name, keyNode, SpecNode(node: value, reader: reader)))
    }
    return SpecMapping(node: self, entries: entries)
  }

  package var isNull: Bool {
    if case .scalar(let scalar) = node {
      return scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }
    return false
  }

  package var isMapping: Bool {
    if case .mapping = node { true } else { false }
  }

  package var isList: Bool {
    if case .sequence = node { true } else { false }
  }

  /// The value without comments, styles and the order of keys, for stage keys.
  package var canonicalText: String {
    switch node {
    case .scalar(let scalar): return SpecNode.quote(scalar.string)
    case .sequence(let sequence):
      return "["
        + sequence.map { SpecNode(node: $0, reader: reader).canonicalText }.joined(separator: ",")
        + "]"
    case .mapping(let mapping):
      let entries = mapping.map { key, value in
        SpecNode(node: key, reader: reader).canonicalText + ":"
          + SpecNode(node: value, reader: reader).canonicalText
      }
      return "{" + entries.sorted().joined(separator: ",") + "}"
    case .alias: return ""
    }
  }

  /// Whether `text` is `[a-z][a-z0-9_]*`.
  package static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
    else { return false }
    return text.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "_")
    }
  }

  private func expected<T>(_ what: String) -> T? {
    let found =
      switch node {
      case .scalar(let scalar): isNull ? "nothing" : "'\(scalar.string)'"
      case .sequence: "a list"
      case .mapping: "a mapping"
      case .alias: "an alias"
      }
    report("expected \(what), found \(found)")
    return nil
  }

  private static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { quoted.unicodeScalars.append("\\") }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }
}

/// A YAML mapping in the order of its file.
package struct SpecMapping {
  /// The node of the mapping.
  package let node: SpecNode
  package let entries: [(key: String, keyNode: SpecNode, value: SpecNode)]

  package subscript(key: String) -> SpecNode? { entries.first { $0.key == key }?.value }

  /// The value of a required key. If it is missing, that is reported at the mapping.
  package func required(_ key: String) -> SpecNode? {
    if let value = self[key] { return value }
    node.report("the key '\(key)' is missing")
    return nil
  }
}
