package import Diagnostics
import Media
package import Pipelines

extension StitchStage {
  /// The faults in the film part of a pipeline, found without making a film: templates that are
  /// missing or are not Mustache or SVG, and figures without a message for what they count.
  package static func diagnostics(
    of spec: StitchSpec, pipeline file: String, templates folder: String, catalog: MessageCatalog
  ) -> [Diagnostic] {
    var found: [Diagnostic] = []
    for column in [spec.totals, spec.months].compactMap({ $0 }).flatMap(\.columns) {
      let key = "film.figures.\(column.name)"
      if catalog.message(key, locale: "en") == nil,
        !found.contains(where: { $0.message.contains(key) })
      {
        found.append(
          Diagnostic(
            .configuration, "no message '\(key)' for a figure of the film", at: .init(file: file),
            hint: "add it to the message catalogues"))
      }
    }
    found += diagnostics(spec.templates, folder, isVertical: false)
    return found + diagnostics(spec.verticalTemplates, folder, isVertical: true)
  }

  /// The faults in templates of these names.
  private static func diagnostics(
    _ names: [String], _ folder: String, isVertical: Bool
  ) -> [Diagnostic] {
    let templates: FilmTemplates
    do throws(Diagnostics) {
      templates = try FilmTemplates(
        folder: folder, names: names, accent: Accent(hue: 0), locale: "en",
        isVertical: isVertical)
    } catch {
      return error.all
    }
    var found: [Diagnostic] = []
    var card = FilmCard()
    for slot in ["tenant", "title", "period", "month", "meta", "description", "people", "thanks"] {
      card.texts[slot] = "Word"
    }
    card.figures = [("1", "Word")]
    card.bars = [0, 1]
    card.tiles = ["", "Word"]
    for name in names {
      for layout in ["plain", "figures", "below", "beside", "card", "live"] {
        card.layout = layout
        if let fault = fault(name, card, templates, folder) {
          found.append(fault)
          break
        }
      }
    }
    return found
  }

  private static func fault(
    _ name: String, _ card: FilmCard, _ templates: FilmTemplates, _ folder: String
  ) -> Diagnostic? {
    let path = FilmTemplates.path(folder, name, isVertical: templates.isVertical)
    do {
      let svg = try templates.svg(card, template: name)
      let size = FilmTemplates.size(isVertical: templates.isVertical)
      _ = try Rasteriser.layers(
        svg, ids: ["ground"] + FilmSegment.layers, width: size.width / 4, height: size.height / 4)
      return nil
    } catch let error as Diagnostic {
      return error.filling(.init(file: path))
    } catch {
      return Diagnostic(
        .bug, "a card can't be drawn", at: .init(file: path),
        underlying: error)
    }
  }
}
