import Basics
import Diagnostics
import Foundation
import Markup
import Mustache
import Pipelines

/// What the pages are made of: the templates of `templates/service`, their words in three
/// languages, and the style sheet of all pages of Yearbook. Read once, when the service starts.
struct PageLibrary: Sendable {
  /// A page of its own; the other templates are parts of them.
  enum Template: String, Sendable, CaseIterable {
    case signIn = "sign-in"
    case goOn = "go-on"
    case tenant, tenants, overview, ask, confirm, report, problem
  }

  let catalog: MessageCatalog
  private let library: MustacheLibrary
  private let style: String

  /// - Parameter folder: the project's `templates`, or a copy.
  /// - Throws: the faults of all templates: what is missing, what is not Mustache, and words that a
  ///   language does not have.
  init(folder: String) throws(Diagnostics) {
    var faults: [Diagnostic] = []
    func text(_ name: String) -> String {
      do throws(Diagnostic) {
        if let bytes = try FileReader.contents("\(folder)/\(name)"),
          let text = String(validating: bytes, as: UTF8.self)
        {
          return text
        }
        faults.append(
          Diagnostic(
            .configuration, "a template of the pages is missing, or is not UTF-8",
            at: .init(file: "\(folder)/\(name)"),
            hint: "copy the program's own templates, or name their folder: pages.templates"))
      } catch {
        faults.append(error)
      }
      return ""
    }
    let catalog = try MessageCatalog(folder: folder + "/service/messages")
    var library = MustacheLibrary()
    MustacheContentTypes.register(Escape(), named: "PEOPLE")
    let words = /\{\{t\.([a-z_.]+)\}\}/
    let parts = ["top", "bottom", "live", "row", "again", "wish"]
    for name in ["document"] + parts + Template.allCases.map(\.rawValue) {
      let file = name == "document" ? "document.html" : "service/\(name).html"
      let source = text(file)
      let place = Diagnostic.Subject(file: "\(folder)/\(file)")
      if name != "document", source.contains("{{{") || source.contains("{{&") {
        faults.append(
          Diagnostic(.configuration, "a page must escape all that it shows", at: place))
      }
      do {
        library.register(
          try MustacheTemplate(string: "{{% CONTENT_TYPE:PEOPLE}}\n" + source), named: name)
      } catch {
        faults.append(Diagnostic(.configuration, "not a Mustache template", at: place))
      }
      for match in source.matches(of: words) {
        for language in Language.allCases
        where !Self.has(String(match.output.1), language, catalog) {
          faults.append(
            Diagnostic(
              .configuration, "no message '\(match.output.1)' in \(language.rawValue)", at: place))
        }
      }
    }
    style = text("page.css") + text("service/service.css")
    if style.contains("<") || style.contains("&") {
      faults.append(
        Diagnostic(
          .configuration, "a style sheet must not contain '<' or '&'",
          at: .init(file: folder + "/service/service.css")))
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
    self.catalog = catalog
    self.library = library
  }

  private static func has(_ key: String, _ language: Language, _ catalog: MessageCatalog) -> Bool {
    if case .text = catalog.message(key, locale: language.rawValue) { return true }
    return false
  }

  /// A page and the policy that lets a browser take its style sheets and nothing else.
  ///
  /// - Parameter owner: whose page it is, which decides its colour.
  func page(
    _ template: Template, _ values: [String: Any], _ language: Language, owner: String
  ) -> (html: String, policy: String) {
    let accent = Accent(tenant: owner)
    let own = ":root{--accent-light:\(accent.light);--accent-dark:\(accent.dark)}"
    let hashes = [style, own].map { sheet in
      "'sha256-\(Data(SHA256Digest(of: sheet.utf8).bytes).base64EncodedString())'"
    }
    var values = values
    values["lang"] = language.rawValue
    values["head"] = "<style>\(style)</style>\n<style>\(own)</style>"
    values["t"] = Words(catalog: catalog, language: language)
    return (
      library.render(values, withTemplate: template.rawValue) ?? "",
      "default-src 'none'; style-src \(hashes.joined(separator: " ")); form-action 'self'; "
        + "frame-ancestors 'none'; base-uri 'none'"
    )
  }

  /// A message, with what it says put in. Its parameters are fixed, so it can only fail if a copy
  /// of the messages lacks it: then its key is shown.
  func text(
    _ key: String, _ language: Language, _ arguments: [String: MessageCatalog.Argument] = [:]
  ) -> String {
    do {
      return try catalog.text(key, locale: language.rawValue, arguments)
    } catch {
      return key
    }
  }

  /// All texts are data: they are escaped by bytes, for elements and for attributes.
  private struct Escape: MustacheContentType {
    func escapeText(_ text: String) -> String {
      XMLText.isPlain(text) ? text : XMLText.escaped(text)
    }
  }

  /// The messages as a template sees them: `t.report.title`.
  private struct Words: MustacheParent {
    var catalog: MessageCatalog
    var language: Language
    var prefix = ""

    func child(named name: String) -> Any? {
      let key = prefix + name
      if case .text(let text) = catalog.message(key, locale: language.rawValue) { return text }
      return Words(catalog: catalog, language: language, prefix: key + ".")
    }
  }
}
