import Basics
import Media
import Pipelines

/// A complete scene: everything that decides its picture and sound.
struct FilmScene: Sendable {
  enum Visual: Sendable {
    /// Only drawings.
    case card
    /// A picture that moves over a blurred copy of itself.
    case picture(FilmMedia.Facts, PicturePlacement)
    /// Pictures in a card's tiles.
    case mosaic([Tile])
    /// An excerpt of a recording, from this millisecond, over a blurred copy of its first picture.
    case recording(FilmMedia.Facts, start: Int)
    /// An excerpt of a recording without pictures, under a card.
    case sound(FilmMedia.Facts, start: Int)
  }

  struct Tile: Sendable {
    var media: FilmMedia.Facts
    var place: Bitmap.Area
  }

  /// The card at the beginning of a recording's scene.
  struct Lead: Sendable {
    /// Grid steps of the card; the scene's steps include them.
    var steps: Int
    /// The colour, `#rrggbb`, between the card and the excerpt.
    var ground: String
  }

  var content: StoryboardPlan.Content
  /// Its length in grid steps.
  var steps: Int
  var svg: [UInt8]
  var visual: Visual
  /// The card before a recording's excerpt. It replaces the whole scene if the recording cannot be
  /// played.
  var fallback: [UInt8] = []
  /// How long that card is shown first; `nil` if the excerpt begins at once.
  var lead: Lead?
  /// The text of its caption.
  var caption: String
  /// Whether everything is visible from the first frame on.
  var isImmediate = false
  /// The colours, `#rrggbb`, from which and into which it dissolves.
  var opening: String?
  var closing: String?

  /// The same scene with only its card.
  var card: FilmScene {
    var card = self
    card.svg = fallback
    card.visual = .card
    card.lead = nil
    return card
  }

  /// The key inputs of its segment.
  ///
  /// - Parameter header: `SegmentEncoder.header`, so that segments of incompatible encoders are not
  ///   mixed.
  func key(_ format: FilmFormat, ink: String, header: [UInt8]) -> KeyInputs {
    var key = KeyInputs(stage: "segment", version: 4)
    key.add("header", contentsOf: header)
    key.add("format", "\(format.width)x\(format.height) crf \(format.crf) \(format.speed)")
    key.add("sound", String(format.audioBitRate))
    key.add("steps", String(steps))
    key.add("drawing", contentsOf: svg)
    key.add("fonts", RasterFonts.digest)
    key.add("ink", ink)
    if isImmediate { key.add("immediate", "true") }
    if let opening { key.add("opening", opening) }
    if let closing { key.add("closing", closing) }
    switch visual {
    case .card: break
    case .picture(let media, let placement):
      key.add("media", media.digestText)
      key.add("window", "\(placement.window) \(placement.shape.rawValue)")
    case .mosaic(let tiles):
      for (index, tile) in tiles.enumerated() {
        key.add("tile \(index)", "\(tile.media.digestText) \(tile.place)")
      }
    case .recording(let media, let start), .sound(let media, let start):
      key.add("media", media.digestText)
      key.add("start", String(start))
      if let longest = media.longest { key.add("longest", String(longest)) }
      key.add("fallback", contentsOf: fallback)
      if let lead { key.add("lead", "\(lead.steps) \(lead.ground)") }
    }
    return key
  }
}
