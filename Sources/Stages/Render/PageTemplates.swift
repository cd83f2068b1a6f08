package import Basics
package import Diagnostics
import Foundation
package import Pipelines

/// The page templates of one folder, read once. `NAME.html` is a Mustache template, a page or a
/// partial; `page.css` is the style sheet; `messages/LOCALE.yaml` holds the texts.
package struct PageTemplates: Sendable {
  package let folder: String
  package let catalog: MessageCatalog
  /// The SHA-256 of all templates, the style sheet and the script, for stage keys.
  package let digest: SHA256Digest

  let compiled: CompiledTemplates
  let styleSheet: String
  /// The script of pages with a table that can be searched; empty without one.
  let searchScript: String
  /// The source expressions of the style sheet and the script for a page's security policy.
  let styleHash: String
  let scriptHash: String
  /// Template to the parts of the report model that it names: `figures.posts`.
  let parts: [String: [TemplateScan.Name]]
  private var names: [String] { compiled.names }

  /// Reads all templates. Throws the faults of all files at once.
  ///
  /// - Parameter isChecking: whether all templates are compiled, to find their faults. Otherwise
  ///   each is compiled when it is first needed.
  package init(folder: String, isChecking: Bool = true) throws(Diagnostics) {
    var found: [Diagnostic] = []
    var files: [String] = []
    do {
      files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    } catch {
      throw Diagnostics([
        Diagnostic(
          .configuration, "the templates folder cannot be read", at: .init(file: folder),
          underlying: error)
      ])
    }
    let catalog: MessageCatalog
    // Without messages, every text of every template would be one more fault.
    var hasMessages = true
    do throws(Diagnostics) {
      catalog = try MessageCatalog(folder: "\(folder)/messages")
    } catch {
      found += error.all
      hasMessages = false
      catalog = try MessageCatalog(files: [:])
    }
    var sources: [String: CompiledTemplates.Source] = [:]
    var parts: [String: [TemplateScan.Name]] = [:]
    var inputs = KeyInputs(stage: "templates", version: 1)
    for file in files where file.hasSuffix(".html") && !file.hasPrefix(".") {
      let path = "\(folder)/\(file)"
      guard let text = PageTemplates.text(path, &found) else { continue }
      inputs.add(file, contentsOf: text.utf8)
      let name = String(file.dropLast(5))
      let scan = TemplateScan(text, file: path)
      found += scan.diagnostics(catalog: hasMessages ? catalog : nil, templates: files)
      parts[name] = scan.parts
      sources[name] = CompiledTemplates.Source(
        path: path, text: text, partials: scan.partials.map(\.name))
    }
    let compiled = CompiledTemplates(sources)
    if isChecking { found += compiled.faults }
    let sheet = PageTemplates.text("\(folder)/page.css", &found) ?? ""
    if sheet.contains("<") || sheet.contains("&") {
      found.append(
        Diagnostic(
          .configuration,
          "a style sheet must not contain '<' or '&': HTML and XML read them differently",
          at: .init(file: "\(folder)/page.css")))
    }
    inputs.add("style sheet", contentsOf: sheet.utf8)
    var script = ""
    if files.contains("search.js") {
      script = PageTemplates.text("\(folder)/search.js", &found) ?? ""
      if script.contains("<") || script.contains("&") {
        found.append(
          Diagnostic(
            .configuration,
            "a script must not contain '<' or '&': HTML and XML read them differently",
            at: .init(file: "\(folder)/search.js")))
      }
      inputs.add("script", contentsOf: script.utf8)
    }
    guard found.isEmpty else { throw Diagnostics(found) }
    self.folder = folder
    self.catalog = catalog
    self.compiled = compiled
    self.parts = parts
    styleSheet = sheet
    searchScript = script
    styleHash = PageHead.hash(sheet)
    scriptHash = PageHead.hash(script)
    digest = inputs.key.digest
  }

  /// The templates of a folder, read once per process. Its faults are kept too.
  package static func cached(folder: String) throws(Diagnostics) -> PageTemplates {
    // The lock is held while the first caller reads: other callers would only do the same work.
    let result = cache.withLock { known in
      if let found = known[folder] { return found }
      let made = Result { () throws(Diagnostics) in
        try PageTemplates(folder: folder, isChecking: false)
      }
      known[folder] = made
      return made
    }
    return try result.get()
  }

  private static let cache = Locked<[String: Result<PageTemplates, Diagnostics>]>([:])

  /// The faults in a pipeline's pages: templates that do not exist.
  package func diagnostics(of spec: RenderSpec) -> [Diagnostic] {
    spec.pages.filter { !names.contains(String($0.template.dropLast(5))) }.map { page in
      Diagnostic(
        .configuration, "no template is named '\(page.template)'", at: page.place.subject,
        hint: NearestWords.hint(for: page.template, in: names.map { "\($0).html" }))
    }
  }

  /// Whether there is a template `NAME.html`.
  func has(_ name: String) -> Bool { names.contains(name) }

  private static func text(_ path: String, _ found: inout [Diagnostic]) -> String? {
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(validating: data, as: UTF8.self)
    else {
      found.append(
        Diagnostic(.configuration, "not a readable UTF-8 file", at: .init(file: path)))
      return nil
    }
    return text
  }
}

/// Finds the tags of a template by their braces, for checks that Mustache does not do.
struct TemplateScan {
  struct Name {
    var name: String
    var line: Int
    var column: Int
  }

  private let file: String
  /// Keys below `t.`
  private(set) var messages: [Name] = []
  private(set) var partials: [Name] = []
  /// `figures.NAME`, `charts.NAME`, `tables.NAME` and `sentences.NAME`
  private(set) var parts: [Name] = []

  init(_ text: String, file: String) {
    self.file = file
    // Read as bytes: braces are ASCII, and letters by letters this takes longer than rendering.
    let bytes = Array(text.utf8)
    let open = UInt8(ascii: "{")
    var row = 1
    var lineStart = 0
    var place = 0
    while place + 1 < bytes.count {
      if bytes[place] == UInt8(ascii: "\n") {
        row += 1
        lineStart = place + 1
      }
      guard bytes[place] == open, bytes[place + 1] == open else {
        place += 1
        continue
      }
      let column = String(decoding: bytes[lineStart..<place], as: UTF8.self).count + 1
      let rest = bytes[(place + 2)...]
      let end =
        rest.firstIndex { $0 == UInt8(ascii: "}") || $0 == UInt8(ascii: "\n") } ?? bytes.count
      add(String(decoding: rest[..<end], as: UTF8.self), row, column)
      place += 2
    }
  }

  private mutating func add(_ inside: String, _ row: Int, _ column: Int) {
    let tag = inside.filter { $0 != " " && $0 != "{" }
    if tag.hasPrefix(">") {
      partials.append(Name(name: String(tag.dropFirst()), line: row, column: column))
      return
    }
    let name = tag.drop { "#^/&$".contains($0) }
    if name.hasPrefix("t.") {
      messages.append(Name(name: String(name.dropFirst(2)), line: row, column: column))
    } else if let root = name.split(separator: ".").first, name.contains("."),
      ["figures", "charts", "tables", "sentences"].contains(root)
    {
      parts.append(Name(name: String(name), line: row, column: column))
    }
  }

  /// - Parameter catalog: `nil` if it cannot be read.
  func diagnostics(catalog: MessageCatalog?, templates: [String]) -> [Diagnostic] {
    let named = catalog == nil ? [] : messages
    let unknown = named.filter { catalog?.message($0.name, locale: "en") == nil }.map { name in
      let parent = name.name.split(separator: ".").dropLast().joined(separator: ".")
      return Diagnostic(
        .configuration, "no message '\(name.name)' in English", at: subject(name),
        hint: NearestWords.hint(
          for: name.name,
          in: catalog?.keys(beginningWith: parent.isEmpty ? "" : parent + ".") ?? []))
    }
    let missing = partials.filter { !templates.contains("\($0.name).html") }.map { name in
      Diagnostic(
        .configuration, "no template is named '\(name.name).html'", at: subject(name),
        hint: NearestWords.hint(for: "\(name.name).html", in: templates))
    }
    return unknown + missing
  }

  private func subject(_ name: Name) -> Diagnostic.Subject {
    .init(file: file, line: name.line, column: name.column)
  }
}
