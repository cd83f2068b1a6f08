import CLibAV
package import Diagnostics

/// Encodes one scene into a segment file.
///
/// The caller appends exactly `16 × gridSteps` frames in order, and at most `25,600 × gridSteps`
/// samples per channel. Missing sound is filled with silence. Frames and sound can be interleaved
/// in any way. One encoder belongs to one thread; several encoders can work at once.
///
/// These rules make segments fit together and their bytes reproducible:
/// - x264 runs on one thread with `stitchable` (the same SPS and PPS for all content) and
///   `cpu-independent`. Groups of pictures are closed, the first picture is an IDR, and all four
///   colour fields and the sample aspect ratio are set.
/// - The first AAC frame (1,024 samples) is silence, because it overlaps a frame from another
///   segment. The sound then fades in within 10 ms, and fades out within 10 ms at its end.
package final class SegmentEncoder {
  /// The samples of a fade: 10 ms.
  static let fade = 480
  /// The samples of one AAC frame.
  static let audioFrame = 1_024

  private let format: FilmFormat
  private let gridSteps: Int
  private let video: Encoder
  private let audio: Encoder
  private let file: SegmentFile.Writer
  private let frame = Frame()
  private var frames = 0
  /// Interleaved samples that wait until an AAC frame is complete, and for a fade at their end.
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

  /// - Parameter x264Options: More x264 options, for tests: `:asm=0`.
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

  /// The headers that these encoders write for every segment of this format. Segments with
  /// different headers cannot be joined.
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

  /// - Parameter options: More options of the encoder.
  static func audioEncoder(
    _ format: FilmFormat, options: [(String, String)] = []
  ) throws(Diagnostic) -> Encoder {
    try Encoder("aac", options: options) { context in
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
      context.pointee.sample_rate = Int32(FilmFormat.sampleRate)
      av_channel_layout_default(&context.pointee.ch_layout, 2)
      context.pointee.bit_rate = Int64(format.audioBitRate)
      context.pointee.time_base = AVRational(num: 1, den: Int32(FilmFormat.sampleRate))
      context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
    }
  }

  /// Appends the next frame. It must have the format's size.
  package func append(_ picture: VideoFrame) throws(Diagnostic) {
    guard picture.width == format.width, picture.height == format.height else {
      throw Diagnostic(
        .bug,
        "a frame of \(picture.width) × \(picture.height) pixels does not fit a segment of "
          + "\(format.width) × \(format.height)")
    }
    guard frames < gridSteps * FilmFormat.framesPerStep else {
      throw Diagnostic(.bug, "a segment got more frames than its grid steps hold")
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
      throw Diagnostic(.bug, "a segment got more sound than its grid steps hold")
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

  /// Writes the remaining packets and closes the file. Without this call the file is not a valid
  /// segment.
  ///
  /// - Throws: `bug` if frames are missing.
  package func finish() throws(Diagnostic) {
    guard frames == gridSteps * FilmFormat.framesPerStep else {
      throw Diagnostic(
        .bug,
        "a segment of \(gridSteps) grid steps got \(frames) frames instead of "
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
    else { throw Diagnostic(.bug, "the number of encoded packets does not match the grid") }
    try file.finish()
  }

  /// The fade's factor at this number of samples from silence: a smooth step, without a library's
  /// rounding.
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
      throw Diagnostic(.bug, "the times of the AAC encoder's packets do not match the grid")
    }
    packet.pointee.duration = Int64(SegmentEncoder.audioFrame)
    audioPackets += 1
    try file.append(packet, isVideo: false)
  }
}
