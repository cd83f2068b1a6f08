import CLibAV
package import Diagnostics

/// Writes recordings in the formats that browsers make, for samples and tests. The same input gives
/// the same bytes.
package final class RecordingWriter {
  /// The container and codecs of a recording.
  package enum Shape: String, Hashable, Sendable, CaseIterable {
    /// WebM as browsers stream it: without duration or index, with Opus sound.
    case webmVP8, webmVP9
    /// MP4 with H.264 and AAC and the index at the end.
    case mp4H264
  }

  private static let milliseconds = AVRational(num: 1, den: 1_000)
  private static let samples = AVRational(num: 1, den: Int32(FilmFormat.sampleRate))

  private let muxer: Muxer
  private let video: (encoder: Encoder, stream: UnsafeMutablePointer<AVStream>)?
  private let audio: (encoder: Encoder, stream: UnsafeMutablePointer<AVStream>)?
  private let frame = Frame()
  private var lastTime = -1
  private var pending: [Float] = []
  private var samplesEncoded = 0

  /// Creates the file at `path`.
  ///
  /// - Parameter width: In pixels and even, like `height`. Both are 0 for a recording of sound
  ///   alone.
  package init(
    shape: Shape, width: Int, height: Int, hasAudio: Bool, path: String
  ) throws(Diagnostic) {
    let muxer = try Muxer(format: shape == .mp4H264 ? "mp4" : "webm", path: path)
    self.muxer = muxer
    if width > 0, height > 0 {
      let encoder = try RecordingWriter.videoEncoder(shape, width, height)
      let stream = try RecordingWriter.add(encoder, to: muxer)
      video = (encoder, stream)
    } else {
      video = nil
    }
    if hasAudio {
      let encoder = try RecordingWriter.audioEncoder(shape)
      let stream = try RecordingWriter.add(encoder, to: muxer)
      audio = (encoder, stream)
    } else {
      audio = nil
    }
    try muxer.writeHeader(options: shape == .mp4H264 ? [] : [("live", "1")])
  }

  private static func videoEncoder(
    _ shape: Shape, _ width: Int, _ height: Int
  ) throws(Diagnostic) -> Encoder {
    let fast = [("deadline", "realtime"), ("lag-in-frames", "0")]
    let (name, options) =
      switch shape {
      // A negative value fixes the speed. With a positive one, VP8 chooses it by the time that
      // recent pictures took.
      case .webmVP8: ("libvpx", fast + [("cpu-used", "-8"), ("auto-alt-ref", "0")])
      case .webmVP9:
        ("libvpx-vp9", fast + [("cpu-used", "8"), ("row-mt", "0"), ("tile-columns", "0")])
      case .mp4H264:
        (
          "libx264",
          // Recorders encode live: no frame waits for a later one.
          [("preset", "veryfast"), ("crf", "26"), ("x264-params", "cpu-independent=1:bframes=0")]
        )
      }
    return try Encoder(name, options: options) { context in
      context.pointee.width = Int32(width)
      context.pointee.height = Int32(height)
      context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
      context.pointee.time_base = milliseconds
      context.pointee.framerate = AVRational(num: Int32(FilmFormat.frameRate), den: 1)
      // About the rate that browsers choose: 2.5 Mbit/s for 720p.
      context.pointee.bit_rate = shape == .mp4H264 ? 0 : Int64(width * height * 27 / 10)
      context.pointee.gop_size = 100
      if shape == .mp4H264 { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
      Encoder.tagColour(context)
    }
  }

  private static func audioEncoder(_ shape: Shape) throws(Diagnostic) -> Encoder {
    // libav's own Opus encoder: unlike libopus, it respects the forced CPU features.
    try Encoder(
      shape == .mp4H264 ? "aac" : "opus",
      options: shape == .mp4H264 ? [] : [("strict", "experimental")]
    ) { context in
      context.pointee.sample_fmt = AV_SAMPLE_FMT_FLTP
      context.pointee.sample_rate = Int32(FilmFormat.sampleRate)
      av_channel_layout_default(&context.pointee.ch_layout, 2)
      context.pointee.bit_rate = 96_000
      context.pointee.time_base = samples
      if shape == .mp4H264 { context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER }
    }
  }

  private static func add(
    _ encoder: Encoder, to muxer: Muxer
  ) throws(Diagnostic) -> UnsafeMutablePointer<AVStream> {
    try muxer.addStream(timeBase: encoder.context.pointee.time_base) { stream throws(Diagnostic) in
      try LibAV.check(
        avcodec_parameters_from_context(stream.pointee.codecpar, encoder.context),
        "describing a stream")
    }
  }

  /// Appends a frame at this time. Each time must be later than the one before.
  package func append(_ picture: VideoFrame, at milliseconds: Int) throws(Diagnostic) {
    guard let (encoder, stream) = video else {
      throw Diagnostic(.bug, "a picture was added to a recording of sound alone")
    }
    guard milliseconds > lastTime else {
      throw Diagnostic(.bug, "the times of a recording's pictures must increase")
    }
    lastTime = milliseconds
    try frame.fill(picture)
    frame.pointer.pointee.pts = Int64(milliseconds)
    try encoder.send(frame) { packet throws(Diagnostic) in
      try muxer.write(
        packet, to: stream, timeBase: RecordingWriter.milliseconds, interleaving: true)
    }
  }

  /// Appends interleaved stereo samples at 48 kHz.
  package func append(stereo samples: [Float]) throws(Diagnostic) {
    guard audio != nil else { throw Diagnostic(.bug, "sound was added to a silent recording") }
    pending += samples
    try encodeSound(isLast: false)
  }

  /// Writes the remaining packets and closes the file.
  package func finish() throws(Diagnostic) {
    if let (encoder, stream) = video {
      try encoder.send(nil) { packet throws(Diagnostic) in
        try muxer.write(
          packet, to: stream, timeBase: RecordingWriter.milliseconds, interleaving: true)
      }
    }
    if audio != nil {
      try encodeSound(isLast: true)
      try sendSound(nil)
    }
    try muxer.finish()
  }

  private func encodeSound(isLast: Bool) throws(Diagnostic) {
    guard let (encoder, _) = audio else { return }
    let size = 2 * Int(encoder.context.pointee.frame_size)
    if isLast, !pending.isEmpty, pending.count % size > 0 {
      pending += [Float](repeating: 0, count: size - pending.count % size)
    }
    var start = 0
    while pending.count - start >= size {
      try frame.fill(stereo: pending[start..<start + size])
      frame.pointer.pointee.pts = Int64(samplesEncoded)
      samplesEncoded += size / 2
      start += size
      try sendSound(frame)
    }
    if start > 0 { pending.removeFirst(start) }
  }

  private func sendSound(_ frame: Frame?) throws(Diagnostic) {
    guard let (encoder, stream) = audio else { return }
    try encoder.send(frame) { packet throws(Diagnostic) in
      try muxer.write(packet, to: stream, timeBase: RecordingWriter.samples, interleaving: true)
    }
  }
}
