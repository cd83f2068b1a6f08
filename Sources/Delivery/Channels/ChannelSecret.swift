import Basics
package import Diagnostics

/// Where a channel's secret is. The configuration names the place and never the secret.
package enum ChannelSecret: Hashable, Sendable {
  /// The first line of a file.
  case file(String)
  /// A variable of the process's environment.
  case environment(String)

  /// The secret.
  ///
  /// - Throws: `.configuration` if it is missing, empty, or has characters that would break a
  ///   header.
  package func value(in environment: [String: String]) throws(Diagnostic) -> String {
    let text: String
    switch self {
    case .file(let path):
      guard let bytes = try FileReader.contents(path) else {
        throw Diagnostic(
          .configuration, "the file of a channel's secret is missing", at: .init(file: path),
          hint: "write the secret into it: one line, readable for its owner alone")
      }
      text = String(decoding: bytes.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
    case .environment(let name): text = environment[name] ?? ""
    }
    let isUsable =
      !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    guard isUsable else {
      throw Diagnostic(
        .configuration, "a channel's secret is empty, or has control characters",
        at: subject, hint: advice)
    }
    return text
  }

  private var subject: Diagnostic.Subject {
    if case .file(let path) = self { .init(file: path) } else { .init() }
  }

  private var advice: String {
    switch self {
    case .file: "write the secret into the file's first line"
    case .environment(let name): "set \(name) in the environment"
    }
  }
}
