import CLibAV
package import Diagnostics

/// Encodes one scene into a segment file.
///
/// Exactly `16 × gridSteps` frames are appended, in order, and at most `25,600 × gridSteps` samples a
/// channel; silence fills what is missing. Frames and sound may be appended in any interleaving. One
/// encoder belongs to one thread; several may work at once.
///
/// Rules that make segments fit each other and their bytes repeatable:
/// - x264 runs on one thread with `stitchable` (the same SPS and PPS for whatever is shown) and
///   `cpu-independent`, groups of pictures are closed, the first picture is an IDR, all four colour
///   fields and the sample aspect ratio are set.
/// - The first AAC frame (1,024 samples) is silence, because its overlap with the frame before it comes
///   from another segment; the sound then rises within 10 ms, and falls within 10 ms at its end.
package final class SegmentEncoder {
  /// Samples of a fade: 10 ms.
  static let fade = 480
  /// Samples of one AAC frame.
  static let audioFrame = 1_024

  private let format: FilmFormat
  private let gridSteps: Int
  private let video: Encoder
  private let audio: Encoder
  private let file: SegmentFile.Writer
  private let frame = Frame()
  private var frames = 0
  /// Interleaved samples that wait for a whole AAC frame, and for the fade that their end may need.
  private var pending: [Float] = []
  private var samplesAppended = 0
  private var samplesEncoded = 0
  private var audioPackets = 0
  private var videoPackets = 0

  /// Opens the encoders and creates the file at `path`.
  package convenience init(
    format: FilmFormat, gridSteps: Int, path: String
  ) throws(Diagnostic) {
    try self.init(format: format, gridSteps: gridSteps, path: path, x264Options: "")
  }

  /// - Parameter x264Options: more of x264's own options, for tests: `:asm=0`.
  init(
    format: FilmFormat, gridSteps: Int, path: String, x264Options: String
  ) throws(Diagnostic) {
    precondition(gridSteps > 0)
    self.format = format
    self.gridSteps = gridSteps
    video = try SegmentEncoder.videoEncoder(format, x264Options)
    audio = try SegmentEncoder.audioEncoder(format)
    file = try SegmentFile.Writer(
      path: path,
      header: .init(
        width: format.width, height: format.height, gridSteps: gridSteps,
        videoExtradata: video.extradata, audioExtradata: audio.extradata))
  }

  /// What these libraries' encoders write at the head of every segment of this format. Segments whose heads differ
  /// can't be joined.
  package static func header(of format: FilmFormat) throws(Diagnostic) -> [UInt8] {
    try videoEncoder(format, "").extradata + audioEncoder(format).extradata
  }

  private static func videoEncoder(
    _ format: FilmFormat, _ x264Options: String
  ) throws(Diagnostic) -> Encoder {
    try Encoder(
      "libx264",
      options: [
        ("preset", format.speed), ("crf", String(format.crf)), ("profile", "high"),
        (
          "x264-params",
          "stitchable=1:cpu-independent=1:open-gop=0:keyint=150:rc-lookahead=\(format.lookahead)"
            + x264Options
        ),
      ]
    ) { context in
      context.pointee.width = Int32(format.width)
      context.pointee.height = Int32(format.height)
      context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
      context.pointee.time_base = AVRational(num: 1, den: Int32(FilmFormat.frameRate))
      context.pointee.framerate = AVRational(num: Int32(FilmFormat.frameRate), den: 1)
      context.pointee.flags |=
        AV_CODEC_FLAG_GLOBAL_HEADER | Int32(bitPattern: AV_CODEC_FLAG_CLOSED_GOP)
      Encoder.tagColour(context)
    }
  }

  private static func audioEncoder(_ format: FilmFormat) throws(Diagnostic) -> Encoder {
    try Encoder("aac", options: []) { context in
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
      context.pointee.sample_rate = Int32(FilmFormat.sampleRate)
      av_channel_layout_default(&context.pointee.ch_layout, 2)
      context.pointee.bit_rate = Int64(format.audioBitRate)
      context.pointee.time_base = AVRational(num: 1, den: Int32(FilmFormat.sampleRate))
      context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
    }
  }

  /// Appends the next frame, which has the format's size.
  package func append(_ picture: VideoFrame) throws(Diagnostic) {
    guard picture.width == format.width, picture.height == format.height else {
      throw Diagnostic(
        .bug,
        "a frame of \(picture.width) × \(picture.height) was given to a segment of "
          + "\(format.width) × \(format.height)")
    }
    guard frames < gridSteps * FilmFormat.framesPerStep else {
      throw Diagnostic(.bug, "more frames were given to a segment than its grid steps hold")
    }
    try frame.fill(picture)
    frame.pointer.pointee.pts = Int64(frames)
    frames += 1
    try video.send(frame, take: writeVideo)
  }

  /// Appends interleaved stereo samples (left, right, left, …) in −1…1 at 48 kHz.
  package func append(stereo samples: [Float]) throws(Diagnostic) {
    precondition(samples.count % 2 == 0)
    guard samplesAppended + samples.count / 2 <= gridSteps * FilmFormat.samplesPerStep else {
      throw Diagnostic(.bug, "more sound was given to a segment than its grid steps hold")
    }
    let start = pending.count
    pending += samples
    let fadedIn = SegmentEncoder.audioFrame + SegmentEncoder.fade
    if samplesAppended < fadedIn {
      for index in 0..<min(samples.count / 2, fadedIn - samplesAppended) {
        let place = samplesAppended + index - SegmentEncoder.audioFrame
        let gain = SegmentEncoder.gain(at: place)
        pending[start + 2 * index] *= gain
        pending[start + 2 * index + 1] *= gain
      }
    }
    samplesAppended += samples.count / 2
    try encodeSound(keeping: SegmentEncoder.fade)
  }

  /// Writes what is left and closes the file; without it the file is not a segment.
  ///
  /// - Throws: `bug` where frames are missing.
  package func finish() throws(Diagnostic) {
    guard frames == gridSteps * FilmFormat.framesPerStep else {
      throw Diagnostic(
        .bug,
        "a segment of \(gridSteps) grid steps was given \(frames) frames, not "
          + "\(gridSteps * FilmFormat.framesPerStep)")
    }
    try video.send(nil, take: writeVideo)
    let waiting = pending.count / 2
    for index in 0..<min(SegmentEncoder.fade, waiting) {
      let gain = SegmentEncoder.gain(at: index)
      pending[2 * (waiting - 1 - index)] *= gain
      pending[2 * (waiting - 1 - index) + 1] *= gain
    }
    let missing = gridSteps * FilmFormat.samplesPerStep - samplesAppended
    pending += [Float](repeating: 0, count: 2 * missing)
    try encodeSound(keeping: 0)
    try audio.send(nil, take: writeAudio)
    guard
      videoPackets == frames,
      audioPackets == gridSteps * FilmFormat.audioFramesPerStep + 1
    else { throw Diagnostic(.bug, "the encoders made more or fewer packets than the grid holds") }
    try file.finish()
  }

  /// The fade's factor so many samples from silence: a smooth step, without any library's rounding.
  private static func gain(at index: Int) -> Float {
    if index < 0 { return 0 }
    if index >= fade { return 1 }
    let x = Float(index) / Float(fade)
    return x * x * (3 - 2 * x)
  }

  private func encodeSound(keeping reserve: Int) throws(Diagnostic) {
    var start = 0
    let size = 2 * SegmentEncoder.audioFrame
    while pending.count - start >= size + 2 * reserve {
      try frame.fill(stereo: pending[start..<start + size])
      frame.pointer.pointee.pts = Int64(samplesEncoded)
      samplesEncoded += SegmentEncoder.audioFrame
      start += size
      try audio.send(frame, take: writeAudio)
    }
    if start > 0 { pending.removeFirst(start) }
  }

  private func writeVideo(_ packet: UnsafeMutablePointer<AVPacket>) throws(Diagnostic) {
    packet.pointee.duration = 1
    videoPackets += 1
    try file.append(packet, isVideo: true)
  }

  private func writeAudio(_ packet: UnsafeMutablePointer<AVPacket>) throws(Diagnostic) {
    guard packet.pointee.pts == Int64((audioPackets - 1) * SegmentEncoder.audioFrame) else {
      throw Diagnostic(.bug, "the AAC encoder's packets are not where the grid wants them")
    }
    packet.pointee.duration = Int64(SegmentEncoder.audioFrame)
    audioPackets += 1
    try file.append(packet, isVideo: false)
  }
}
