import CLibAV
import Diagnostics

/// The sound of a segment that this program has encoded, decoded again to be mixed with music.
enum SegmentSound {
  /// Interleaved stereo, 25,600 samples for each of the segment's grid steps.
  ///
  /// - Throws: `data` if the segment is incomplete or damaged.
  static func samples(ofSegment path: String) throws(Diagnostic) -> [Float] {
    let segment = try SegmentFile.Contents(path: path)
    guard let codec = avcodec_find_decoder(AV_CODEC_ID_AAC),
      let context = avcodec_alloc_context3(codec)
    else {
      throw Diagnostic(
        .configuration, "libavcodec cannot decode AAC",
        hint: "install the Debian package libavcodec59 (or libavcodec-extra59)")
    }
    defer {
      var pointer: UnsafeMutablePointer<AVCodecContext>? = context
      avcodec_free_context(&pointer)
    }
    LibAV.prepare()
    context.pointee.thread_count = 1
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    guard let parameters = avcodec_parameters_alloc() else {
      throw Diagnostic(.bug, "out of memory")
    }
    defer {
      var pointer: UnsafeMutablePointer<AVCodecParameters>? = parameters
      avcodec_parameters_free(&pointer)
    }
    parameters.pointee.codec_type = AVMEDIA_TYPE_AUDIO
    parameters.pointee.codec_id = AV_CODEC_ID_AAC
    parameters.pointee.sample_rate = Int32(FilmFormat.sampleRate)
    av_channel_layout_default(&parameters.pointee.ch_layout, 2)
    try Muxer.setExtradata(segment.header.audioExtradata, of: parameters)
    try LibAV.check(avcodec_parameters_to_context(context, parameters), "decoding a segment")
    try LibAV.check(avcodec_open2(context, codec, nil), "decoding a segment")
    let (packet, frame) = (Packet(), Frame())
    var samples: [Float] = []
    for record in segment.audio {
      try withBuffer(segment.bytes) { bytes throws(Diagnostic) in
        let payload = UnsafeBufferPointer(rebasing: bytes[record.payload])
        try LibAV.check(
          av_new_packet(packet.pointer, Int32(payload.count)), "making room for a packet")
        if let source = payload.baseAddress {
          packet.pointer.pointee.data.update(from: source, count: payload.count)
        }
      }
      defer { av_packet_unref(packet.pointer) }
      try LibAV.check(avcodec_send_packet(context, packet.pointer), "decoding a segment")
      while avcodec_receive_frame(context, frame.pointer) >= 0 { append(frame, to: &samples) }
    }
    // The first frame is the codec's priming.
    let wanted = 2 * segment.header.gridSteps * FilmFormat.samplesPerStep
    samples.removeFirst(min(samples.count, 2 * SegmentEncoder.audioFrame))
    guard samples.count == wanted else {
      throw Diagnostic(
        .data, "the sound of this segment is incomplete", at: .init(file: path),
        hint: "remove it and run again: the scene is encoded again")
    }
    return samples
  }

  private static func append(_ frame: Frame, to samples: inout [Float]) {
    let count = Int(frame.pointer.pointee.nb_samples)
    guard let left = frame.pointer.pointee.data.0, let right = frame.pointer.pointee.data.1,
      frame.pointer.pointee.format == AV_SAMPLE_FMT_FLTP.rawValue
    else { return }
    left.withMemoryRebound(to: Float.self, capacity: count) { left in
      right.withMemoryRebound(to: Float.self, capacity: count) { right in
        for index in 0..<count {
          samples.append(left[index])
          samples.append(right[index])
        }
      }
    }
  }
}
