package import Diagnostics

extension MessageCatalog {
  /// The parameters that a message names, in any language, and that it does not get.
  ///
  /// - Parameter known: what it gets.
  package func unknownParameters(of key: String, known: Set<String>) -> [Diagnostic] {
    locales.flatMap { locale -> [Diagnostic] in
      guard let message = messages[locale]?[key] else { return [] }
      return Self.parameters(of: message).subtracting(known).sorted().map { name in
        Diagnostic(
          .configuration,
          SpecReader.shown("the message '\(key)' names '{\(name)}', which it does not get"),
          at: places[locale]?[key]?.subject ?? .init(),
          hint: NearestWords.hint(for: name, in: known)
            ?? NearestWords.choice("it gets", known.sorted().prefix(20).map { "{\($0)}" })
            ?? "it gets no parameters")
      }
    }
  }

  /// The parameters that a translation names and the English message does not. A message that no
  /// pipeline file names is written for the program, which gives the same to all languages.
  ///
  /// - Parameter known: keys whose parameters are known otherwise.
  package func strayParameters(except known: Set<String>) -> [Diagnostic] {
    (messages["en"] ?? [:]).sorted { $0.key < $1.key }.flatMap { key, message in
      known.contains(key)
        ? [] : unknownParameters(of: key, known: Self.parameters(of: message))
    }
  }
}

extension AggregateSpec {
  /// The parameters that the messages of sentences get.
  package var parameters: Set<String> {
    var names: Set<String> = ["count"]
    for figure in figures {
      names.insert(figure.name)
      guard figure.previous != nil || !figure.operands.isEmpty else { continue }
      names.formUnion(["previous", "change", "times"].map { "\(figure.name).\($0)" })
    }
    return names
  }
}
