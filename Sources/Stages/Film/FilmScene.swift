import Media
import Pipelines

/// A scene of which all is known that decides its picture and sound.
struct FilmScene: Sendable {
  enum Visual: Sendable {
    /// Drawings alone.
    case card
    /// A picture that moves over a copy of itself.
    case picture(FilmMedia.Facts, PicturePlacement)
    /// Pictures in a card's tiles.
    case mosaic([Tile])
    /// An excerpt of a recording, from this millisecond, over a copy of its first picture.
    case recording(FilmMedia.Facts, start: Int)
    /// The same of a recording without pictures, under a card.
    case sound(FilmMedia.Facts, start: Int)
  }

  struct Tile: Sendable {
    var media: FilmMedia.Facts
    var place: Bitmap.Area
  }

  /// What a recording's scene begins with, before the excerpt.
  struct Lead: Sendable {
    /// Grid steps of the card, within those of the scene.
    var steps: Int
    /// The colour, `#rrggbb`, into which the card dissolves and out of which the excerpt does.
    var ground: String
  }

  var content: StoryboardPlan.Content
  /// Its length in grid steps.
  var steps: Int
  var svg: [UInt8]
  var visual: Visual
  /// The card before a recording's excerpt, that takes all of its place if it does not play after
  /// all.
  var fallback: [UInt8] = []
  /// For how long that card is shown first; `nil`: the excerpt begins at once.
  var lead: Lead?
  /// What captions say of it.
  var caption: String
  /// Whether all of it shows from the first frame on.
  var isImmediate = false
  /// Colours, `#rrggbb`, out of which it dissolves and into which.
  var opening: String?
  var closing: String?

  /// The same scene as its card alone.
  var card: FilmScene {
    var card = self
    card.svg = fallback
    card.visual = .card
    card.lead = nil
    return card
  }

  /// What decides its segment.
  ///
  /// - Parameter header: `SegmentEncoder.header`: segments of encoders that do not fit each other
  ///   are not mixed.
  func key(_ format: FilmFormat, ink: String, header: [UInt8]) -> KeyInputs {
    var key = KeyInputs(stage: "segment", version: 3)
    key.add("header", contentsOf: header)
    key.add("format", "\(format.width)x\(format.height) crf \(format.crf) \(format.speed)")
    key.add("sound", String(format.audioBitRate))
    key.add("steps", String(steps))
    key.add("drawing", contentsOf: svg)
    key.add("ink", ink)
    if isImmediate { key.add("immediate", "true") }
    if let opening { key.add("opening", opening) }
    if let closing { key.add("closing", closing) }
    switch visual {
    case .card: break
    case .picture(let media, let placement):
      key.add("media", media.digest)
      key.add("window", "\(placement.window) \(placement.shape.rawValue)")
    case .mosaic(let tiles):
      for (index, tile) in tiles.enumerated() {
        key.add("tile \(index)", "\(tile.media.digest) \(tile.place)")
      }
    case .recording(let media, let start), .sound(let media, let start):
      key.add("media", media.digest)
      key.add("start", String(start))
      key.add("fallback", contentsOf: fallback)
      if let lead { key.add("lead", "\(lead.steps) \(lead.ground)") }
    }
    return key
  }
}
