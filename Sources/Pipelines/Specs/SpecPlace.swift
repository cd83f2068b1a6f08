package import Diagnostics

/// Where in a pipeline file something is said, so that an error met later can name the place.
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

  /// A name of one of the pipeline's queries.
  func query(of queries: [String]) -> String? {
    guard let name = string() else { return nil }
    guard queries.contains(name) else {
      report(
        "no query is named '\(name)'",
        hint: NearestWords.hint(for: name, in: queries)
          ?? "the queries are \(queries.joined(separator: ", "))")
      return nil
    }
    return name
  }

  /// Names, each a value of its own in a list, or one alone.
  func names() -> [String] { list().compactMap { $0.name() } }

  /// A key of the message catalogue: names joined by points.
  func messageKey() -> String? {
    guard let text = string() else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // The first is perhaps a pipeline's name, which may have hyphens.
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
