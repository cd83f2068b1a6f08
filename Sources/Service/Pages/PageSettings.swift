import Basics
import Diagnostics
import Foundation
import Pipelines

/// The pages for people: under which address they are opened, and what they are made of.
package struct PageSettings: Sendable {
  /// What browsers see before the path, `https://reports.example.org`; `nil` where the pages are
  /// only tried, over plain HTTP on the loopback interface.
  package var origin: String?
  /// The file of the key that signs forms.
  package var key = ""
  /// The folder of the templates.
  package var templates = ""
  /// Other origins whose pages can send somebody here with a token: the platform's own.
  package var origins: Set<String> = []
  /// Pipeline to language to what people call it.
  package var titles: [String: [String: String]] = [:]

  /// - Parameters:
  ///   - isLoopback: whether the service can be reached from this machine alone.
  ///   - folder: the configuration's folder.
  init(_ node: SpecNode, isLoopback: Bool, in folder: String) {
    guard
      let map = node.mapping(keys: ["origin", "key", "templates", "sign_in_from", "titles"])
    else { return }
    key = map.required("key")?.string().map { SettingsPaths.resolve($0, in: folder) } ?? ""
    templates =
      map["templates"]?.string().map { SettingsPaths.resolve($0, in: folder) }
      ?? Self.usualTemplates(in: folder)
    if let node = map["origin"], let text = node.string() {
      if Self.isOrigin(text) {
        origin = text
      } else {
        node.report(Self.originForm(text))
      }
    } else if map["origin"] == nil, !isLoopback {
      node.report(
        "the key 'origin' is missing",
        hint: "name the address at which people open the pages, such as"
          + " https://reports.example.org")
    }
    for node in map["sign_in_from"]?.list() ?? [] {
      guard let text = node.string() else { continue }
      if Self.isOrigin(text) { origins.insert(text) } else { node.report(Self.originForm(text)) }
    }
    for entry in map["titles"]?.mapping()?.entries ?? [] {
      for title in entry.value.mapping(keys: Language.allCases.map(\.rawValue))?.entries ?? [] {
        titles[entry.key, default: [:]][title.key] = title.value.string()
      }
    }
  }

  /// What people call a report.
  func title(of report: String, _ language: Language) -> String {
    titles[report]?[language.rawValue] ?? titles[report]?[Language.english.rawValue] ?? report
  }

  private static func originForm(_ text: String) -> String {
    "expected https://HOST or https://HOST:PORT in lower case without a path, found '\(text)'"
  }

  /// Whether a text is an origin as browsers write it.
  private static func isOrigin(_ text: String) -> Bool {
    guard text.hasPrefix("https://"), text == text.lowercased(), !text.hasSuffix(":443"),
      let url = URLComponents(string: text), let host = url.host, !host.isEmpty
    else { return false }
    return url.path.isEmpty && url.query == nil && url.fragment == nil && url.user == nil
  }

  /// Beside the configuration; else what is installed with the program.
  private static func usualTemplates(in folder: String) -> String {
    let beside = folder + "/templates"
    if FileReader.status(beside)?.kind == .folder { return beside }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return program.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("share/yearbook/templates").path
  }
}
