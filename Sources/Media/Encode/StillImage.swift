import CLibAV
package import Diagnostics

/// Encodes single pictures, with the same bytes on every machine. (For PNG, see `Bitmap.png()`.)
package enum StillImage {
  /// A baseline JPEG. `quality` is libav's scale: 2 is best, 31 is worst.
  ///
  /// All readers take a JPEG as BT.601 with full range, so the frame is converted.
  package static func jpeg(_ picture: VideoFrame, quality: Int = 3) throws(Diagnostic) -> [UInt8] {
    let encoder = try Encoder("mjpeg", options: [("huffman", "default")]) { context in
      context.pointee.width = Int32(picture.width)
      context.pointee.height = Int32(picture.height)
      context.pointee.pix_fmt = AV_PIX_FMT_YUVJ420P
      context.pointee.color_range = AVCOL_RANGE_JPEG
      context.pointee.time_base = AVRational(num: 1, den: 1)
      context.pointee.flags |= AV_CODEC_FLAG_QSCALE
      context.pointee.global_quality = Int32(quality) * FF_QP2LAMBDA
      context.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    }
    let source = Frame()
    try source.fill(picture)
    let target = Frame()
    try target.convert(
      source, to: AV_PIX_FMT_YUVJ420P, sourceTable: SWS_CS_ITU709, targetTable: SWS_CS_ITU601,
      sourceIsFull: false, targetIsFull: true)
    target.pointer.pointee.quality = Int32(quality) * FF_QP2LAMBDA
    return try encode(target, with: encoder)
  }

  static func encode(_ frame: Frame, with encoder: Encoder) throws(Diagnostic) -> [UInt8] {
    frame.pointer.pointee.pts = 0
    var bytes: [UInt8] = []
    func take(_ packet: UnsafeMutablePointer<AVPacket>) {
      bytes += UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))
    }
    try encoder.send(frame, take: take)
    try encoder.send(nil, take: take)
    return bytes
  }
}

extension Frame {
  /// Fills this frame with a conversion of `source`, in the same size.
  func convert(
    _ source: Frame, to format: AVPixelFormat, sourceTable: Int32, targetTable: Int32,
    sourceIsFull: Bool, targetIsFull: Bool
  ) throws(Diagnostic) {
    let (width, height) = (source.pointer.pointee.width, source.pointer.pointee.height)
    guard
      let context = sws_getContext(
        width, height, AVPixelFormat(source.pointer.pointee.format), width, height, format,
        SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP,
        nil, nil, nil)
    else { throw Diagnostic(.bug, "a picture cannot be converted") }
    defer { sws_freeContext(context) }
    sws_setColorspaceDetails(
      context, sws_getCoefficients(sourceTable), sourceIsFull ? 1 : 0,
      sws_getCoefficients(targetTable), targetIsFull ? 1 : 0, 0, 1 << 16, 1 << 16)
    pointer.pointee.width = width
    pointer.pointee.height = height
    pointer.pointee.format = format.rawValue
    try LibAV.check(av_frame_get_buffer(pointer, 0), "making room for a picture")
    try LibAV.check(sws_scale_frame(context, pointer, source.pointer), "converting a picture")
    pointer.pointee.color_range = targetIsFull ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG
  }
}
