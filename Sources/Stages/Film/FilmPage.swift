package import Diagnostics
import Markup
import Pipelines

/// The page with the film, made with the template `film.html`.
enum FilmPage {
  /// - Parameter context: what the template sees.
  static func bytes(_ context: [String: Any], _ pages: PageTemplates) throws -> [UInt8] {
    guard let text = try pages.compiled.render(context, "film") else {
      throw Diagnostic(
        .configuration, "no template is named 'film.html'", at: .init(file: pages.folder))
    }
    let bytes = PageText.deliver(text)
    let isVertical = context["vertical"] != nil
    let siblings = StitchStage.fileNames.union(isVertical ? StitchStage.verticalNames : [])
    let check = PageCheck(name: "index.html", siblings: siblings)
    do throws(Diagnostics) {
      try check.check(bytes)
    } catch {
      throw pages.compiled.located(error, by: check, of: "film", context)
    }
    return bytes
  }
}

extension StitchStage {
  /// The names of the files that each film has.
  package static let fileNames: Set = [
    "index.html", "film.mp4", "poster.jpg", "captions.vtt", "storyboard.json",
  ]

  /// The names of the vertical cut's files.
  static let verticalNames: Set = ["vertical.mp4", "vertical.jpg", "vertical.vtt"]

  /// The faults in the template of the film's page, found by making pages of films that do not
  /// exist.
  package static func diagnostics(ofPage pages: PageTemplates) -> [Diagnostic] {
    let head = PageHead(templates: pages, tenantID: "tenant", media: true).markup
    var context: [String: Any] = ["lang": "en", "head": head, "width": "1280", "height": "720"]
    for name in [
      "title", "period", "tenant", "length_label", "length", "size", "file", "captions",
      "storyboard", "contents",
    ] { context[name] = PageText.carry("Text <&> \"more\"") }
    let item = ["time": "0:10", "title": PageText.carry("<Title> & more"), "meta": ""]
    let other = ["time": "0:20", "title": "Title", "meta": PageText.carry("<Meta> & more")]
    let sections: [[String: Any]] = [
      ["name": "Intro", "time": "0:00", "items": [[String: String]]()],
      ["name": "January", "time": "0:05", "items": [item, other]],
    ]
    var found: [Diagnostic] = []
    for sections in [[], sections] {
      context["sections"] = sections
      context["vertical"] =
        sections.isEmpty
        ? nil : ["label": PageText.carry("Label <&>"), "length": "0:30", "size": "9 MB"]
      do {
        _ = try FilmPage.bytes(context, pages)
      } catch let fault as Diagnostic {
        if !found.contains(fault) { found.append(fault) }
      } catch let faults as Diagnostics {
        for fault in faults.all where !found.contains(fault) { found.append(fault) }
      } catch {
        found.append(
          Diagnostic(
            .bug, "the film's page cannot be tried", at: .init(file: pages.folder),
            underlying: error))
      }
    }
    return found
  }
}
