import Basics
import Diagnostics
import Mustache

/// The Mustache templates of one folder, each compiled when a page first needs it, with the
/// partials that it names.
///
/// Compiling takes as long as a few hundred pages, and a run needs few of the templates.
final class CompiledTemplates: Sendable {
  struct Source: Sendable {
    var path: String
    var text: String
    /// The names of the templates that it includes.
    var partials: [String]
  }

  private let sources: [String: Source]
  private struct Known {
    var templates: [String: MustacheTemplate] = [:]
    var libraries: [String: Result<MustacheLibrary, Diagnostics>] = [:]
  }

  private let known = Locked(Known())

  init(_ sources: [String: Source]) { self.sources = sources }

  /// The names of all templates, without `.html`.
  var names: [String] { sources.keys.sorted() }

  /// The page that a template gives; `nil` if there is no such template.
  ///
  /// Throws the faults of the template and of those that it includes.
  func render(_ context: Any, _ name: String) throws(Diagnostics) -> String? {
    guard sources[name] != nil else { return nil }
    return try library(for: name).render(context, withTemplate: name)
  }

  /// The page with marks of its templates' lines, and the paths of the templates by their numbers;
  /// `nil` if there is no such template.
  func renderMarked(
    _ context: Any, _ name: String
  ) throws(Diagnostics) -> (text: String, files: [String])? {
    let names = names
    var marked = sources
    for (number, name) in names.enumerated() {
      marked[name]?.text = TemplateMarks.marked(sources[name]?.text ?? "", template: number)
    }
    let text = try CompiledTemplates(marked).render(context, name)
    return text.map { ($0, names.map { marked[$0]?.path ?? "" }) }
  }

  /// Compiles a template and those that it includes, if that is not done yet.
  @discardableResult
  func library(for name: String) throws(Diagnostics) -> MustacheLibrary {
    try known.withLock { known in
      if let found = known.libraries[name] { return found }
      let made = Result { () throws(Diagnostics) in try compile([name], &known.templates) }
      known.libraries[name] = made
      return made
    }.get()
  }

  /// The faults of all templates.
  var faults: [Diagnostic] {
    do throws(Diagnostics) {
      var templates: [String: MustacheTemplate] = [:]
      _ = try compile(names, &templates)
      return []
    } catch {
      return error.all
    }
  }

  /// - Parameter templates: those that were compiled before; more are added.
  private func compile(
    _ names: [String], _ templates: inout [String: MustacheTemplate]
  ) throws(Diagnostics) -> MustacheLibrary {
    var library = MustacheLibrary()
    var faults: [Diagnostic] = []
    var open = names
    var done: Set<String> = []
    while let name = open.popLast() {
      guard let source = sources[name], done.insert(name).inserted else { continue }
      open += source.partials
      do {
        let template =
          try templates[name] ?? MustacheTemplate(string: PageEscape.pragma + source.text)
        templates[name] = template
        library.register(template, named: name)
      } catch let error as MustacheTemplate.ParserError {
        faults.append(
          Diagnostic(
            .configuration, "not a Mustache template: \(TemplateFault.text(of: error.error))",
            at: .init(
              file: source.path, line: error.context.lineNumber - PageEscape.lines,
              column: error.context.columnNumber)))
      } catch {
        faults.append(
          Diagnostic(
            .configuration, "not a Mustache template", at: .init(file: source.path),
            underlying: error))
      }
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
    return library
  }
}
