package import Diagnostics

/// A place in a pipeline file, so that a later error can name it.
package struct SpecPlace: Hashable, Sendable {
  package var file: String
  package var line: Int?
  package var column: Int?

  package init(file: String, line: Int?, column: Int?) {
    self.file = file
    self.line = line
    self.column = column
  }

  package var subject: Diagnostic.Subject { .init(file: file, line: line, column: column) }
}

extension SpecNode {
  /// The value's place.
  package var place: SpecPlace { SpecPlace(file: reader.file, line: line, column: column) }

  /// The value as the name of one of the pipeline's queries.
  func query(of queries: [String]) -> String? {
    guard let name = string() else { return nil }
    guard queries.contains(name) else {
      report(
        "no query is named '\(name)'",
        hint: NearestWords.hint(for: name, in: queries)
          ?? NearestWords.choice("the queries are", queries)
          ?? "the pipeline has no query that can be read: fix 'extract' first")
      return nil
    }
    return name
  }

  /// The value as a list of names, or as one name.
  func names() -> [String] { list().compactMap { $0.name() } }

  /// The value as a key of the message catalogue: names joined by points.
  func messageKey() -> String? {
    guard let text = string() else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // The first part can be a pipeline's name, which can contain hyphens.
    guard
      parts.enumerated().allSatisfy({ place, part in
        SpecNode.isName(place == 0 ? String(part).replacing("-", with: "_") : String(part))
      })
    else {
      report("expected a message's key such as 'sentences.pace', found '\(text)'")
      return nil
    }
    return text
  }
}
