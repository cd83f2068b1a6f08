import Basics
import Diagnostics
import Media
import Pipelines

/// Makes the segment of one scene.
struct FilmSegment {
  let scene: FilmScene
  let format: FilmFormat
  let media: FilmMedia
  let ink: String

  /// Layers of the templates, in the order in which they fade in.
  static let layers = ["first", "second", "third"]

  var frames: Int { scene.steps * FilmFormat.framesPerStep }

  /// The size that the scene's templates are drawn for.
  private var canvas: (width: Int, height: Int) {
    FilmTemplates.size(isVertical: format.height > format.width)
  }

  /// Writes it to `path`. Returns warnings about what could not be shown.
  func make(at path: String) throws -> [Warning] {
    switch scene.visual {
    case .card: try still(path)
    case .picture(let facts, _):
      try still(path)
      try media.confirm(facts)
    case .mosaic(let tiles):
      try still(path)
      for tile in tiles { try media.confirm(tile.media) }
    case .recording(let facts, let start), .sound(let facts, let start):
      let warnings = try FilmExcerpt(segment: self, facts: facts, start: start).make(at: path)
      try media.confirm(facts)
      return warnings
    }
    return []
  }

  /// A scene without sound.
  func still(_ path: String) throws {
    let composer = try composer()
    let encoder = try SegmentEncoder(format: format, gridSteps: scene.steps, path: path)
    for index in 0..<frames {
      if index % 64 == 0 { try media.environment.checkCancellation() }
      try encoder.append(composer.next())
    }
    try encoder.finish()
  }

  /// The composer of a scene without a recording.
  func composer() throws -> SceneComposer {
    switch scene.visual {
    case .picture(let facts, let placement):
      let picture = try media.picture(facts.key)
      var ground = Backdrop.frame(
        of: picture, width: format.width, height: format.height, ink: FilmColour(hex: ink))
      try lay(layer(scene.svg, "ground"), onto: &ground)
      try lay(shadow(placement), onto: &ground)
      let scaled = scaledPlacement(placement, of: picture)
      return try composer(scene.svg, ground: ground, picture: scaled.moving(picture))
    case .mosaic(let tiles):
      var ground = try bitmap(scene.svg, "ground")
      for tile in tiles { try draw(tile, onto: &ground) }
      return try composer(scene.svg, ground: VideoFrame(ground))
    case .card, .recording, .sound:
      return try composer(scene.svg, ground: drawn(scene.svg, "ground"))
    }
  }

  /// A composer that draws the layers of `svg` over `ground`.
  func composer(
    _ svg: [UInt8], ground: VideoFrame, picture: DriftingPicture? = nil, textEnds: Int? = nil
  ) throws -> SceneComposer {
    let bitmaps = try Rasteriser.layers(
      svg, ids: FilmSegment.layers, width: format.width, height: format.height)
    var layers: [SceneComposer.Layer] = []
    for (index, bitmap) in bitmaps.enumerated() {
      guard let bitmap, let overlay = Overlay(bitmap) else { continue }
      let start = scene.isImmediate ? -SceneComposer.fade : 4 + index * SceneComposer.fade
      layers.append(
        SceneComposer.Layer(
          overlay, start: start + (scene.opening == nil ? 0 : 10), end: textEnds))
    }
    return SceneComposer(
      ground: ground, picture: picture, layers: layers, frames: frames,
      opening: scene.opening.map { FilmColour(hex: $0) },
      closing: scene.closing.map { FilmColour(hex: $0) })
  }

  /// The poster: one frame with all layers of the drawing.
  func poster() throws -> VideoFrame {
    var frame = try drawn(scene.svg, "ground")
    for name in FilmSegment.layers { try lay(layer(scene.svg, name), onto: &frame) }
    return frame
  }

  func drawn(_ svg: [UInt8], _ id: String) throws -> VideoFrame {
    VideoFrame(try bitmap(svg, id))
  }

  private func bitmap(_ svg: [UInt8], _ id: String) throws -> Bitmap {
    try layer(svg, id) ?? Bitmap(width: format.width, height: format.height)
  }

  private func layer(_ svg: [UInt8], _ id: String) throws -> Bitmap? {
    try Rasteriser.layers(svg, ids: [id], width: format.width, height: format.height)[0]
  }

  private func lay(_ bitmap: Bitmap?, onto frame: inout VideoFrame) throws {
    guard let bitmap, let overlay = Overlay(bitmap) else { return }
    overlay.blend(onto: &frame, opacity: 256)
  }

  /// Converts a placement from the templates' units to this format's pixels.
  private func scaledPlacement(_ placement: PicturePlacement, of picture: Bitmap)
    -> PicturePlacement
  {
    var result = placement
    let width = canvas.width
    func scale(_ value: Int) -> Int { max(2, value * format.width / width & ~1) }
    result.window = Bitmap.Area(
      x: placement.window.x * format.width / width & ~1,
      y: placement.window.y * format.width / width & ~1,
      width: scale(placement.window.width), height: scale(placement.window.height))
    result.sourceWidth = scale(placement.sourceWidth)
    result.sourceHeight = max(scale(placement.sourceHeight), result.window.height)
    return result
  }

  /// A soft shadow under a picture, or a panel around a tiny one.
  private func shadow(_ placement: PicturePlacement) throws -> Bitmap? {
    let window = placement.window
    let panel =
      placement.shape == .tiny
      ? """
      <rect x="\(window.x - 48)" y="\(window.y - 48)" width="\(window.width + 96)" \
      height="\(window.height + 96)" rx="16" fill="#ffffff" fill-opacity="0.10" \
      stroke="#ffffff" stroke-opacity="0.22"/>
      """
      : """
      <rect x="\(window.x - 2)" y="\(window.y + 10)" width="\(window.width + 4)" \
      height="\(window.height)" rx="16" filter="url(#s)" fill-opacity="0.55"/>
      """
    let size = "\(canvas.width) \(canvas.height)"
    let svg = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)">\
      <filter id="s" x="-20%" y="-20%" width="140%" height="140%">\
      <feGaussianBlur stdDeviation="16"/></filter>\(panel)</svg>
      """
    return try Rasteriser.draw(svg, width: format.width, height: format.height)
  }

  /// A tile's picture, cut to the tile's shape.
  private func draw(_ tile: FilmScene.Tile, onto ground: inout Bitmap) throws {
    let picture = try media.picture(tile.media.key)
    let ratio = Double(tile.place.height) / Double(tile.place.width)
    var area = Bitmap.Area(x: 0, y: 0, width: picture.width, height: picture.height)
    if Double(picture.height) > Double(picture.width) * ratio {
      area.height = max(1, Int(Double(picture.width) * ratio))
    } else {
      area.width = max(1, Int(Double(picture.height) / ratio))
      area.x = (picture.width - area.width) / 2
    }
    let scale = Double(format.width) / Double(canvas.width)
    ground.draw(
      picture.cropped(area), x: Double(tile.place.x) * scale, y: Double(tile.place.y) * scale,
      width: Double(tile.place.width) * scale, height: Double(tile.place.height) * scale,
      radius: 10 * scale)
  }
}
