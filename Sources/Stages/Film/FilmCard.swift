import Diagnostics
import Foundation
import Media
import Mustache
import Pipelines

/// The content of one card, before it is drawn.
struct FilmCard: Sendable {
  /// A layout that the template's `when` names: `below`, `beside`, `card`, `live`, `plain`.
  var layout = "plain"
  /// Slot to text. Tenants' texts can contain anything.
  var texts: [String: String] = [:]
  /// Value and label.
  var figures: [(value: String, label: String)] = []
  var bars: [Int] = []
  /// Texts of the tiles of a mosaic; `""` for a picture.
  var tiles: [String] = []
  /// Names that are true in the template's sections.
  var flags: [String] = []
}

/// The SVG templates of films, and the drawing of cards with them.
struct FilmTemplates: Sendable {
  let folder: String
  /// Whether these are the templates of the vertical cut, in the folder `vertical`.
  let isVertical: Bool
  let accent: Accent
  let locale: String
  private var sources: [String: String] = [:]

  /// The size that templates are drawn for. It is scaled to the format's frame.
  static func size(isVertical: Bool) -> (width: Int, height: Int) {
    isVertical ? (1_080, 1_920) : (1_280, 720)
  }

  /// Reads the templates of these names.
  init(
    folder: String, names: [String], accent: Accent, locale: String, isVertical: Bool = false
  ) throws(Diagnostics) {
    self.folder = folder
    self.isVertical = isVertical
    self.accent = accent
    self.locale = locale
    var found: [Diagnostic] = []
    for name in names {
      let path = FilmTemplates.path(folder, name, isVertical: isVertical)
      guard !name.contains("/"), let data = FileManager.default.contents(atPath: path),
        let text = String(validating: data, as: UTF8.self)
      else {
        found.append(
          Diagnostic(.configuration, "this template can't be read", at: .init(file: path)))
        continue
      }
      sources[name] = text
    }
    if !found.isEmpty { throw Diagnostics(found) }
  }

  /// Where a template lies.
  static func path(_ folder: String, _ name: String, isVertical: Bool) -> String {
    "\(folder)/video/" + (isVertical ? "vertical/" : "") + name
  }

  /// Adds all templates to a stage key.
  func addTo(_ key: inout KeyInputs) {
    for (name, text) in sources.sorted(by: { $0.key < $1.key }) {
      key.add((isVertical ? "vertical " : "") + "template \(name)", contentsOf: text.utf8)
    }
  }

  func layout(_ template: String, _ layout: String) -> FilmCardLayout {
    FilmCardLayout(sources[template] ?? "", layout: layout)
  }

  /// The card as an SVG document.
  func svg(_ card: FilmCard, template: String) throws -> [UInt8] {
    let layout = layout(template, card.layout)
    var context: [String: Any] = [
      "fonts": RasterFonts.text(locale: locale), "code": RasterFonts.code(locale: locale),
      "lang": locale, "accent": accent.film, "ground": accent.filmGround, "ink": accent.filmInk,
      card.layout: true,
    ]
    for flag in card.flags { context[flag] = true }
    for (slot, lines) in try layout.lines(card.texts, locale: locale) {
      context[slot] = lines.map { line in line.mapValues(PageText.carry) }
    }
    context["figures"] = card.figures.enumerated().map { index, figure in
      layout.place(ofFigure: index).merging([
        "value": PageText.carry(figure.value), "label": PageText.carry(figure.label),
      ]) { $1 }
    }
    context["bars"] = layout.bars(card.bars).map { bar -> [String: Any] in
      var values: [String: Any] = bar
      values[bar["kind"] ?? "some"] = true
      return values
    }
    context["tiles"] = try tiles(layout, card.tiles)
    let template = try compiled(template)
    return PageText.deliver(template.render(context))
  }

  /// The areas of a mosaic's tiles: all of one size, about 16:10, in the number of columns that
  /// makes them largest.
  static func places(_ layout: FilmCardLayout, _ count: Int) -> [Bitmap.Area] {
    guard let box = layout.area("tiles"), count > 0 else { return [] }
    let gap = 16
    func size(_ columns: Int) -> (width: Int, height: Int) {
      let rows = (count + columns - 1) / columns
      let width = (box.width - gap * (columns - 1)) / columns
      let height = min((box.height - gap * (rows - 1)) / rows, width * 10 / 16)
      return (min(width, height * 18 / 10), height)
    }
    // If two layouts are equally large, the one with fewer rows.
    let columns = (1...count).max { (size($0).height, $0) < (size($1).height, $1) } ?? 1
    let rows = (count + columns - 1) / columns
    let (width, height) = size(columns)
    let left = box.x + (box.width - columns * width - (columns - 1) * gap) / 2
    let top = box.y + (box.height - rows * height - (rows - 1) * gap) / 2
    return (0..<count).map { index in
      Bitmap.Area(
        x: left + index % columns * (width + gap), y: top + index / columns * (height + gap),
        width: width, height: height)
    }
  }

  /// Tiles with the lines of their texts, centred.
  private func tiles(
    _ layout: FilmCardLayout, _ tiles: [String]
  ) throws(Diagnostic) -> [[String: Any]] {
    let style = TextStyle(size: 32, weight: 600, locale: locale)
    var result: [[String: Any]] = []
    for (place, text) in zip(FilmTemplates.places(layout, tiles.count), tiles) {
      let limit = max(1, min(3, (place.height - 24) / 42))
      let lines = try RasterText.lines(
        text, width: Double(place.width - 32), lines: limit, style: style)
      let middle = place.x + place.width / 2
      let first = place.y + place.height / 2 + 11 - 21 * (lines.count - 1)
      result.append([
        "x": String(place.x), "y": String(place.y), "width": String(place.width),
        "height": String(place.height),
        "lines": lines.enumerated().map { index, line in
          [
            "text": PageText.carry(line), "centre": String(middle),
            "base": String(first + 42 * index),
          ]
        },
      ])
    }
    return result
  }

  private func compiled(_ name: String) throws -> MustacheTemplate {
    do {
      return try MustacheTemplate(string: sources[name] ?? "")
    } catch let error as MustacheTemplate.ParserError {
      throw Diagnostic(
        .configuration, "not a Mustache template: \(TemplateFault.text(of: error.error))",
        at: .init(
          file: FilmTemplates.path(folder, name, isVertical: isVertical),
          line: error.context.lineNumber, column: error.context.columnNumber))
    }
  }
}
