/// Draws the frames of one scene in order: a backdrop, a picture that moves or a recording that
/// plays, and overlays that fade in. Only one thread can use it.
package final class SceneComposer {
  /// An overlay that fades in, and can fade out.
  package struct Layer: Sendable {
    package var overlay: Overlay
    /// The frame at which it begins to fade in.
    package var start: Int
    /// The frame at which it begins to fade out; `nil`: it stays.
    package var end: Int?

    /// An overlay that is shown from frame `start` on.
    package init(_ overlay: Overlay, start: Int, end: Int? = nil) {
      self.overlay = overlay
      self.start = start
      self.end = end
    }

    /// Its opacity at a frame, 0 … 256.
    func opacity(at frame: Int) -> Int {
      if frame < start { return 0 }
      let risen = SceneComposer.eased(frame - start + 1)
      guard let end, frame >= end else { return risen }
      return min(risen, 256 - SceneComposer.eased(frame - end + 1))
    }
  }

  /// The frames of a fade: 0.3 s.
  package static let fade = 9

  private let ground: VideoFrame
  private let picture: DriftingPicture?
  private let layers: [Layer]
  private let opening: FilmColour?
  private let closing: FilmColour?
  private let frames: Int
  private var frame: VideoFrame
  private var index = 0
  /// What the last frame showed. An equal frame needs no drawing.
  private var last: [Int] = []

  /// A composer for a scene with these parts.
  ///
  /// - Parameters:
  ///   - frames: The number of frames of the scene.
  ///   - opening: The colour from which the scene fades in, within 16 frames.
  ///   - closing: The colour to which it fades out.
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

  /// The next frame. `live` is the picture of a recording, drawn in the centre of the backdrop.
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

  /// Skips a frame without drawing it.
  package func skip() -> VideoFrame? {
    index += 1
    return nil
  }

  /// The progress after `step` of `count` steps, 0 … 256, slow at both ends.
  static func eased(_ step: Int, of count: Int = SceneComposer.fade) -> Int {
    let x = max(0, min(count, step)) * 256 / count
    return x * x * (768 - 2 * x) / 65_536
  }
}

extension VideoFrame {
  /// Copies a frame to the middle of this one. A larger frame is cropped.
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
  /// Overwrites these bytes with others of the same number. It allocates no memory if nobody else
  /// holds the array.
  fileprivate mutating func replaceContents(with other: [UInt8]) {
    withUnsafeMutableBufferPointer { target in
      other.withUnsafeBufferPointer { source in
        guard let target = target.baseAddress, let from = source.baseAddress else { return }
        target.update(from: from, count: source.count)
      }
    }
  }
}
