import CLibAV
import Diagnostics

/// One of libav's decoders, on one thread. It is used only in the sandbox.
final class Decoder {
  private let context: UnsafeMutablePointer<AVCodecContext>
  /// The codec's short name: `vp8`.
  let codec: String
  /// The number of packets and pictures that could not be decoded.
  private(set) var failures = 0
  private var hasGivenFrame = false
  private let isExact: Bool
  let frame = Frame()

  /// The codecs that recordings can have: libav's own decoders, and dav1d for AV1.
  static let recordingCodecs =
    "vp8,vp9,libdav1d,h264,hevc,mpeg4,mjpeg,opus,aac,vorbis,mp3,mp3float,flac,ac3,"
    + "pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,pcm_u8,pcm_alaw,pcm_mulaw"

  /// Codecs whose standards define every bit of a picture, so that every decoder returns the same
  /// picture.
  private static let exactCodecs: Set<String> = ["vp8", "vp9", "h264", "hevc"]

  /// - Parameters:
  ///   - codecs: The names of the allowed codecs, separated by commas.
  ///   - isRough: Whether pictures are only compared, so that their blocks need no smoothing.
  init(
    _ parameters: UnsafePointer<AVCodecParameters>, codecs: String, timeBase: AVRational,
    maxPixels: Int, isRough: Bool = false
  ) throws(Diagnostic) {
    let name = Decoder.name(of: parameters)
    codec = name
    guard let codec = Decoder.find(parameters.pointee.codec_id, among: codecs),
      let context = avcodec_alloc_context3(codec)
    else { throw Diagnostic(.data, "its codec, \(name), is not among those that are decoded") }
    self.context = context
    isExact = Decoder.exactCodecs.contains(name)
    var status = avcodec_parameters_to_context(context, parameters)
    context.pointee.thread_count = 1
    context.pointee.pkt_timebase = timeBase
    context.pointee.max_pixels = Int64(maxPixels)
    context.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    if isRough { context.pointee.skip_loop_filter = AVDISCARD_ALL }
    if status >= 0 { status = withFeatures { avcodec_open2(context, codec, nil) } }
    if status < 0 {
      throw Diagnostic(.data, "its \(name) cannot be decoded: \(LibAV.describe(status))")
    }
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&pointer)
  }

  private func withFeatures(_ body: () -> Int32) -> Int32 {
    isExact ? LibAV.withAllFeatures(body) : body()
  }

  /// Whether a recording's track can be decoded, as far as its codec says.
  static func canDecode(_ parameters: UnsafePointer<AVCodecParameters>) -> Bool {
    find(parameters.pointee.codec_id, among: recordingCodecs) != nil
  }

  /// The codec's short name. If libav does not know the codec, the container's word for it.
  static func name(of parameters: UnsafePointer<AVCodecParameters>) -> String {
    let id = parameters.pointee.codec_id
    if id != AV_CODEC_ID_NONE { return String(cString: avcodec_get_name(id)) }
    let letters = (0..<4).map {
      UInt8(truncatingIfNeeded: parameters.pointee.codec_tag >> (8 * $0))
    }
    let isReadable = letters.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x7A).contains($0) }
    return isReadable ? String(decoding: letters, as: UTF8.self) : "unknown"
  }

  private static func find(_ id: AVCodecID, among codecs: String) -> UnsafePointer<AVCodec>? {
    let names = codecs.split(separator: ",")
    var iterator: UnsafeMutableRawPointer?
    while let codec = av_codec_iterate(&iterator) {
      guard codec.pointee.id == id, av_codec_is_decoder(codec) != 0 else { continue }
      let name = String(cString: codec.pointee.name)
      if names.contains(where: { $0 == name }) { return codec }
    }
    return nil
  }

  /// Gives the decoder a packet, or `nil` at the end. A broken packet is counted and skipped.
  ///
  /// The caller must receive all frames that are ready before it sends the next packet.
  func send(_ packet: Packet?) {
    let status = withFeatures { avcodec_send_packet(context, packet?.pointer) }
    if status < 0, status != yb_averror_eof() { failures += 1 }
  }

  /// Receives the next frame into `frame`; `false` if the decoder needs another packet.
  func receive() -> Bool {
    while true {
      let status = withFeatures { avcodec_receive_frame(context, frame.pointer) }
      if status >= 0 {
        // A picture that a decoder repaired after an error shows grey and smeared blocks. The
        // picture before it is kept instead. The first picture is taken as it is.
        let isPatched = frame.pointer.pointee.decode_error_flags != 0
        if !isPatched || !hasGivenFrame {
          hasGivenFrame = true
          return true
        }
        failures += 1
        continue
      }
      if status == yb_averror_eagain() || status == yb_averror_eof() { return false }
      failures += 1
      // Some decoders report a broken frame here and continue with the next one.
      if failures > 1_000_000 { return false }
    }
  }
}
