import Basics
import Diagnostics
import Markup
import Media
import Pipelines

/// Makes the pictures to share of one partition. Each is a piece that is kept by what it says: as
/// long as its words, figures and days stay, it is not drawn again, whatever else changes.
struct ShareCards {
  let card: ShareCard
  let templates: ShareCardTemplates
  let tenantID: String
  let locale: String
  let environment: any StageEnvironment

  private static let version = 2

  /// The files, in the order of shapes.
  func make() throws -> [StageOutput.File] {
    try RasterFonts.require()
    let accent = Accent(tenant: tenantID)
    return try ShareCardTemplates.Shape.allCases.map { shape in
      try environment.checkCancellation()
      let piece = try environment.cached(key(shape, accent)) { path in
        try FileDescriptor.write(
          file: path, templates.png(card, shape, accent: accent, locale: locale))
        return []
      }
      return .init(
        name: shape.name, mediaType: "image/png", content: .artifact(piece.file.content))
    }
  }

  private func key(_ shape: ShareCardTemplates.Shape, _ accent: Accent) -> KeyInputs {
    var key = KeyInputs(stage: "share card", version: Self.version)
    key.add("shape", shape.rawValue)
    key.add("templates", templates.digest)
    key.add("fonts", RasterFonts.digest)
    key.add("colours", [accent.film, accent.cover, accent.filmInk].joined(separator: " "))
    key.add("locale", locale)
    for (slot, text) in card.texts.sorted(by: { $0.key < $1.key }) {
      key.add("text \(slot)", contentsOf: text.utf8)
    }
    key.add("words", contentsOf: card.description.utf8)
    key.add("cover", contentsOf: card.drawing)
    return key
  }
}
