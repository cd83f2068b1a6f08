import Basics
import Diagnostics
import Foundation
import Markup
import Media
import Mustache
import Pipelines

/// The SVG templates of the pictures to share, `cards/SHAPE.svg`, and the drawing with them.
struct ShareCardTemplates: Sendable {
  /// The shapes that networks and phones show whole.
  enum Shape: String, CaseIterable, Sendable {
    case wide, square, tall

    /// The published name: `card-wide.png`.
    var name: String { "card-\(rawValue).png" }

    var width: Int { self == .wide ? 1_200 : 1_080 }
    var height: Int {
      switch self {
      case .wide: 630
      case .square: 1_080
      case .tall: 1_920
      }
    }
  }

  private struct Source: Sendable {
    var path: String
    var text: String
    var layout: FilmCardLayout
    var template: MustacheTemplate
  }

  private let sources: [Shape: Source]
  private let style: MustacheTemplate
  /// The SHA-256 of all of them.
  let digest: SHA256Digest

  /// Reads the templates. Throws the faults of all files at once.
  init(folder: String) throws(Diagnostics) {
    var found: [Diagnostic] = []
    var inputs = KeyInputs(stage: "card templates", version: 1)
    func read(_ file: String) -> (path: String, text: String, template: MustacheTemplate)? {
      let path = "\(folder)/cards/\(file)"
      guard let data = FileManager.default.contents(atPath: path),
        let text = String(validating: data, as: UTF8.self)
      else {
        found.append(
          Diagnostic(
            .configuration, "this template cannot be read", at: .init(file: path),
            hint: "the pipeline has 'cards': copy it from the program's own templates"))
        return nil
      }
      inputs.add(file, contentsOf: text.utf8)
      do {
        return (path, text, try MustacheTemplate(string: text))
      } catch let error as MustacheTemplate.ParserError {
        found.append(
          Diagnostic(
            .configuration, "not a Mustache template: \(TemplateFault.text(of: error.error))",
            at: .init(
              file: path, line: error.context.lineNumber, column: error.context.columnNumber)))
      } catch {
        found.append(
          Diagnostic(
            .configuration, "not a Mustache template", at: .init(file: path), underlying: error))
      }
      return nil
    }
    let style = read("card.css")
    var sources: [Shape: Source] = [:]
    for shape in Shape.allCases {
      guard let (path, text, template) = read("\(shape.rawValue).svg") else { continue }
      sources[shape] = Source(
        path: path, text: text, layout: FilmCardLayout(text, layout: ""), template: template)
    }
    guard found.isEmpty, let style else { throw Diagnostics(found) }
    self.sources = sources
    self.style = style.template
    digest = inputs.key.digest
  }

  /// The templates of a folder, read once per process. Their faults are kept too.
  static func cached(folder: String) throws(Diagnostics) -> ShareCardTemplates {
    try cache.withLock { known in
      if let found = known[folder] { return found }
      let made = Result { () throws(Diagnostics) in try ShareCardTemplates(folder: folder) }
      known[folder] = made
      return made
    }.get()
  }

  private static let cache = Locked<[String: Result<ShareCardTemplates, Diagnostics>]>([:])

  /// The card as an SVG document. Each text has been measured, and has its room.
  func svg(_ card: ShareCard, _ shape: Shape, accent: Accent, locale: String) throws -> [UInt8] {
    guard let source = sources[shape] else { throw Diagnostic(.bug, "a card has no template") }
    let colours = ["accent": accent.film, "ground": accent.cover, "ink": accent.filmInk]
    var context: [String: Any] = colours
    context["fonts"] = RasterFonts.text(locale: locale)
    context["lang"] = locale
    context["style"] = style.render(colours)
    context["cover"] = String(decoding: card.drawing, as: UTF8.self)
    for (slot, lines) in try source.layout.lines(card.texts, locale: locale) {
      context[slot] = lines.map { line in line.mapValues(PageText.carry) }
    }
    return PageText.deliver(source.template.render(context))
  }

  /// The card as a PNG, with its words in it.
  func png(
    _ card: ShareCard, _ shape: Shape, accent: Accent, locale: String
  ) throws -> [UInt8] {
    let svg = try svg(card, shape, accent: accent, locale: locale)
    do throws(Diagnostic) {
      return try StillImage.png(
        Rasteriser.draw(svg, width: shape.width, height: shape.height),
        description: card.description)
    } catch {
      throw error.filling(.init(file: sources[shape]?.path))
    }
  }
}
