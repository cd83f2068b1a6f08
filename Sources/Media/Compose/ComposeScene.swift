/// Draws the frames of one scene in their order: a ground, a picture that moves or is played, and what fades
/// in over it. Confined to one thread.
package final class SceneComposer {
  /// Something that fades in, and perhaps out again.
  package struct Layer: Sendable {
    package var overlay: Overlay
    /// The frame at which it begins to show.
    package var start: Int
    /// The frame at which it begins to go; `nil`: it stays.
    package var end: Int?

    package init(_ overlay: Overlay, start: Int, end: Int? = nil) {
      self.overlay = overlay
      self.start = start
      self.end = end
    }

    /// 0 … 256 at a frame.
    func opacity(at frame: Int) -> Int {
      if frame < start { return 0 }
      let risen = SceneComposer.eased(frame - start + 1)
      guard let end, frame >= end else { return risen }
      return min(risen, 256 - SceneComposer.eased(frame - end + 1))
    }
  }

  /// Frames of a fade: 0.3 s.
  package static let fade = 9

  private let ground: VideoFrame
  private let picture: DriftingPicture?
  private let layers: [Layer]
  private let opening: FilmColour?
  private let closing: FilmColour?
  private let frames: Int
  private var frame: VideoFrame
  private var index = 0
  /// What the last frame showed; the same again needs no drawing.
  private var last: [Int] = []

  /// - Parameters:
  ///   - frames: how many there will be.
  ///   - opening: the colour out of which the scene dissolves, for sixteen frames.
  ///   - closing: the colour into which it dissolves.
  package init(
    ground: VideoFrame, picture: DriftingPicture? = nil, layers: [Layer], frames: Int,
    opening: FilmColour? = nil, closing: FilmColour? = nil
  ) {
    self.ground = ground
    self.picture = picture
    self.layers = layers
    self.frames = frames
    self.opening = opening
    self.closing = closing
    frame = ground
  }

  /// The next frame. `live` is the picture of a recording, which lies centred on the ground.
  package func next(live: VideoFrame? = nil) -> VideoFrame {
    let time = frames > 1 ? index * 65_536 / (frames - 1) : 0
    let dissolve = 256 - SceneComposer.eased(index + 1, of: 16)
    let away = index >= frames - 16 ? SceneComposer.eased(index - frames + 17, of: 16) : 0
    let moving = picture.map { $0.isStill ? 0 : time } ?? 0
    let state =
      layers.map { $0.opacity(at: index) } + [moving, opening == nil ? 0 : dissolve]
      + [closing == nil ? 0 : away]
    index += 1
    if live == nil, state == last { return frame }
    last = live == nil ? state : []
    if let live, live.width == ground.width, live.height == ground.height {
      frame = live
    } else {
      frame.y.replaceContents(with: ground.y)
      frame.u.replaceContents(with: ground.u)
      frame.v.replaceContents(with: ground.v)
      picture?.draw(onto: &frame, time: moving)
      if let live { frame.place(live) }
    }
    for (layer, opacity) in zip(layers, state) {
      layer.overlay.blend(onto: &frame, opacity: opacity)
    }
    if let opening { frame.mix(opening, amount: dissolve) }
    if let closing { frame.mix(closing, amount: away) }
    return frame
  }

  /// Passes over a frame without drawing it.
  package func skip() -> VideoFrame? {
    index += 1
    return nil
  }

  /// 0 … 256 after `step` of `count` steps, slow at both ends.
  static func eased(_ step: Int, of count: Int = SceneComposer.fade) -> Int {
    let x = max(0, min(count, step)) * 256 / count
    return x * x * (768 - 2 * x) / 65_536
  }
}

extension VideoFrame {
  /// Lays a smaller frame on the middle of this one; a larger one is cut.
  package mutating func place(_ other: VideoFrame) {
    let x = (width - other.width) / 4 * 2
    let y = (height - other.height) / 4 * 2
    VideoFrame.place(other.y, other.width, onto: &self.y, width, x, y)
    VideoFrame.place(other.u, other.width / 2, onto: &u, width / 2, x / 2, y / 2)
    VideoFrame.place(other.v, other.width / 2, onto: &v, width / 2, x / 2, y / 2)
  }

  private static func place(
    _ source: [UInt8], _ sourceStride: Int, onto target: inout [UInt8], _ stride: Int, _ x: Int,
    _ y: Int
  ) {
    let (rows, targetRows) = (source.count / sourceStride, target.count / stride)
    let (from, to) = (max(0, -x), min(sourceStride, stride - x))
    guard from < to else { return }
    source.withUnsafeBufferPointer { source in
      target.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        for row in 0..<rows where y + row >= 0 && y + row < targetRows {
          (target + (y + row) * stride + x + from).update(
            from: source + row * sourceStride + from, count: to - from)
        }
      }
    }
  }
}

extension [UInt8] {
  /// Copies as many bytes over these, without new room where nobody else holds them.
  fileprivate mutating func replaceContents(with other: [UInt8]) {
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        guard let target = target.baseAddress, let from = source.baseAddress else { return }
        target.update(from: from, count: source.count)
      }
    }
  }
}
