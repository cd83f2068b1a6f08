import CLibAV
import Diagnostics

/// One of libav's encoders. It uses one thread, and only one thread can use it.
final class Encoder {
  let context: UnsafeMutablePointer<AVCodecContext>
  private let packet = Packet()

  /// - Parameter configure: Sets the fields of the context before it is opened.
  /// - Parameter options: The encoder's own options. An option that the encoder does not know is an
  ///   error.
  init(
    _ name: String, options: [(String, String)],
    configure: (UnsafeMutablePointer<AVCodecContext>) -> Void
  ) throws(Diagnostic) {
    LibAV.prepare()
    guard let codec = avcodec_find_encoder_by_name(name) else {
      throw Diagnostic(
        .configuration, "libavcodec has no encoder named \(name)",
        hint: "install the Debian package libavcodec59 (or libavcodec-extra59)")
    }
    guard let context = avcodec_alloc_context3(codec) else {
      throw Diagnostic(.bug, "out of memory for the encoder \(name)")
    }
    self.context = context
    context.pointee.thread_count = 1
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    configure(context)
    var dictionary: OpaquePointer?
    defer { av_dict_free(&dictionary) }
    for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
    try LibAV.check(avcodec_open2(context, codec, &dictionary), "opening the encoder \(name)")
    if av_dict_count(dictionary) > 0 {
      throw Diagnostic(.bug, "the encoder \(name) does not know one of its options")
    }
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&pointer)
  }

  /// The codec's global header.
  var extradata: [UInt8] {
    guard let data = context.pointee.extradata else { return [] }
    return [UInt8](UnsafeBufferPointer(start: data, count: Int(context.pointee.extradata_size)))
  }

  /// Sends a frame, or `nil` at the end, and calls back with each packet that is ready.
  func send(
    _ frame: Frame?, take: (UnsafeMutablePointer<AVPacket>) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try LibAV.check(avcodec_send_frame(context, frame?.pointer), "encoding")
    while true {
      let status = avcodec_receive_packet(context, packet.pointer)
      if status == yb_averror_eagain() || status == yb_averror_eof() { return }
      try LibAV.check(status, "encoding")
      defer { av_packet_unref(packet.pointer) }
      try take(packet.pointer)
    }
  }
}

extension Encoder {
  /// Marks the output as BT.709, limited range, square pixels.
  static func tagColour(_ context: UnsafeMutablePointer<AVCodecContext>) {
    context.pointee.color_range = AVCOL_RANGE_MPEG
    context.pointee.colorspace = AVCOL_SPC_BT709
    context.pointee.color_primaries = AVCOL_PRI_BT709
    context.pointee.color_trc = AVCOL_TRC_BT709
    context.pointee.chroma_sample_location = AVCHROMA_LOC_LEFT
    context.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
  }
}

extension Frame {
  /// Fills the frame with a copy of `picture`, in its own buffers.
  func fill(_ picture: VideoFrame, format: AVPixelFormat = AV_PIX_FMT_YUV420P) throws(Diagnostic) {
    // The encoders copy their input, so the same buffers can be used for the next frame.
    if !hasRoom(for: picture, format) {
      av_frame_unref(pointer)
      pointer.pointee.width = Int32(picture.width)
      pointer.pointee.height = Int32(picture.height)
      pointer.pointee.format = format.rawValue
      try LibAV.check(av_frame_get_buffer(pointer, 0), "making room for a frame")
    }
    pointer.pointee.color_range = AVCOL_RANGE_MPEG
    pointer.pointee.colorspace = AVCOL_SPC_BT709
    pointer.pointee.color_primaries = AVCOL_PRI_BT709
    pointer.pointee.color_trc = AVCOL_TRC_BT709
    pointer.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    copyPlane(picture.y, to: pointer.pointee.data.0, pointer.pointee.linesize.0, picture.width)
    copyPlane(picture.u, to: pointer.pointee.data.1, pointer.pointee.linesize.1, picture.width / 2)
    copyPlane(picture.v, to: pointer.pointee.data.2, pointer.pointee.linesize.2, picture.width / 2)
  }

  private func hasRoom(for picture: VideoFrame, _ format: AVPixelFormat) -> Bool {
    pointer.pointee.width == Int32(picture.width) && pointer.pointee.height == Int32(picture.height)
      && pointer.pointee.format == format.rawValue && pointer.pointee.nb_samples == 0
      && av_frame_is_writable(pointer) > 0
  }

  private func copyPlane(
    _ bytes: [UInt8], to plane: UnsafeMutablePointer<UInt8>?, _ stride: Int32, _ width: Int
  ) {
    guard let plane else { return }
    bytes.withUnsafeBufferPointer { source in
      guard let base = source.baseAddress else { return }
      for row in 0..<source.count / width {
        (plane + row * Int(stride)).update(from: base + row * width, count: width)
      }
    }
  }

  /// Fills the frame with these interleaved samples as planar float stereo.
  func fill(stereo samples: ArraySlice<Float>) throws(Diagnostic) {
    av_frame_unref(pointer)
    pointer.pointee.nb_samples = Int32(samples.count / 2)
    pointer.pointee.format = AV_SAMPLE_FMT_FLTP.rawValue
    pointer.pointee.sample_rate = Int32(FilmFormat.sampleRate)
    av_channel_layout_default(&pointer.pointee.ch_layout, 2)
    try LibAV.check(av_frame_get_buffer(pointer, 0), "making room for sound")
    guard let left = pointer.pointee.data.0, let right = pointer.pointee.data.1 else { return }
    samples.withUnsafeBufferPointer { source in
      left.withMemoryRebound(to: Float.self, capacity: source.count / 2) { left in
        right.withMemoryRebound(to: Float.self, capacity: source.count / 2) { right in
          for index in 0..<source.count / 2 {
            left[index] = source[2 * index]
            right[index] = source[2 * index + 1]
          }
        }
      }
    }
  }
}
