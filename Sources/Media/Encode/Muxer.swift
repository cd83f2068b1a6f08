import CLibAV
import Diagnostics
import Glibc

/// One of libav's muxers, which writes a file without dates, versions or random numbers.
final class Muxer {
  let context: UnsafeMutablePointer<AVFormatContext>
  private let path: String
  private let packet = Packet()
  private var isHeaderWritten = false

  init(format: String, path: String) throws(Diagnostic) {
    LibAV.prepare()
    self.path = path
    var context: UnsafeMutablePointer<AVFormatContext>?
    try LibAV.check(
      avformat_alloc_output_context2(&context, nil, format, path), "making a \(format) file")
    guard let context else { throw Diagnostic(.bug, "out of memory for a \(format) file") }
    self.context = context
    context.pointee.flags |= AVFMT_FLAG_BITEXACT
    let status = avio_open(&context.pointee.pb, path, AVIO_FLAG_WRITE)
    if status < 0 { throw located(LibAV.failure(status, "cannot create this file", .io)) }
  }

  deinit {
    avio_closep(&context.pointee.pb)
    avformat_free_context(context)
  }

  private func located(_ diagnostic: Diagnostic) -> Diagnostic {
    diagnostic.filling(.init(file: path))
  }

  func addStream(
    timeBase: AVRational, configure: (UnsafeMutablePointer<AVStream>) throws(Diagnostic) -> Void
  ) throws(Diagnostic) -> UnsafeMutablePointer<AVStream> {
    guard let stream = avformat_new_stream(context, nil) else {
      throw Diagnostic(.bug, "out of memory for a stream")
    }
    stream.pointee.time_base = timeBase
    try configure(stream)
    return stream
  }

  func writeHeader(options: [(String, String)]) throws(Diagnostic) {
    var dictionary: OpaquePointer?
    defer { av_dict_free(&dictionary) }
    for (key, value) in options { av_dict_set(&dictionary, key, value, 0) }
    let status = avformat_write_header(context, &dictionary)
    if status < 0 { throw located(LibAV.failure(status, "cannot write the file's header", .bug)) }
    if av_dict_count(dictionary) > 0 {
      throw Diagnostic(.bug, "the muxer does not know one of its options")
    }
    isHeaderWritten = true
  }

  /// Writes a packet with times in `timeBase`. With `interleaving`, the muxer chooses the order.
  func write(
    _ packet: UnsafeMutablePointer<AVPacket>, to stream: UnsafeMutablePointer<AVStream>,
    timeBase: AVRational, interleaving: Bool = false
  ) throws(Diagnostic) {
    av_packet_rescale_ts(packet, timeBase, stream.pointee.time_base)
    packet.pointee.stream_index = stream.pointee.index
    let status =
      interleaving
      ? av_interleaved_write_frame(context, packet) : av_write_frame(context, packet)
    if status < 0 { throw located(LibAV.failure(status, "cannot write this file", .bug)) }
  }

  /// Writes a packet with these bytes.
  func write(
    _ bytes: UnsafeBufferPointer<UInt8>, pts: Int64, dts: Int64, duration: Int64, isKey: Bool,
    to stream: UnsafeMutablePointer<AVStream>, timeBase: AVRational
  ) throws(Diagnostic) {
    try LibAV.check(
      av_new_packet(packet.pointer, Int32(bytes.count)), "making room for a packet")
    defer { av_packet_unref(packet.pointer) }
    if let source = bytes.baseAddress {
      packet.pointer.pointee.data.update(from: source, count: bytes.count)
    }
    packet.pointer.pointee.pts = pts
    packet.pointer.pointee.dts = dts
    packet.pointer.pointee.duration = duration
    packet.pointer.pointee.flags = isKey ? AV_PKT_FLAG_KEY : 0
    try write(packet.pointer, to: stream, timeBase: timeBase)
  }

  /// Writes what is buffered: one part of a fragmented file.
  func flush() throws(Diagnostic) {
    let status = av_write_frame(context, nil)
    if status < 0 { throw located(LibAV.failure(status, "cannot write this file", .bug)) }
    avio_flush(context.pointee.pb)
  }

  /// The number of bytes written so far.
  var position: Int { Int(avio_seek(context.pointee.pb, 0, SEEK_CUR)) }

  /// Completes the file and closes it.
  func finish() throws(Diagnostic) {
    let status = av_write_trailer(context)
    if status < 0 { throw located(LibAV.failure(status, "cannot complete this file", .bug)) }
    let closing = avio_closep(&context.pointee.pb)
    if closing < 0 { throw located(LibAV.failure(closing, "cannot write this file", .io)) }
  }

  /// Sets the global header of a stream's codec.
  static func setExtradata(
    _ bytes: [UInt8], of parameters: UnsafeMutablePointer<AVCodecParameters>
  ) throws(Diagnostic) {
    let room = bytes.count + Int(AV_INPUT_BUFFER_PADDING_SIZE)
    guard let memory = av_mallocz(room) else { throw Diagnostic(.bug, "out of memory") }
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
    }
    parameters.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
    parameters.pointee.extradata_size = Int32(bytes.count)
  }
}
