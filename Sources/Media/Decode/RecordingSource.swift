import CLibAV
import Diagnostics

/// The packets of a recording, on one timeline in microseconds that begins with the first packet.
///
/// **The timeline.** The container's timestamps are trusted as long as they make sense. A stream's
/// timestamps can jump back by more than 0.5 s, or ahead of everything by more than 30 s (two
/// joined recordings, a clock that was set). Then a new *epoch* begins: the recording continues
/// from where it was. The other stream joins the epoch when it jumps too.
final class RecordingSource {
  enum Kind { case video, audio }

  struct Stream {
    let index: Int32
    let timeBase: AVRational
    let parameters: UnsafePointer<AVCodecParameters>
    let rotation: Orientation
    let sampleAspect: AVRational
  }

  static let containers = "matroska,mov,mpegts,avi,ogg,wav,mp3"
  /// Recordings with more pixels per frame are refused: 8192 × 4320.
  static let maxPixels = 8_192 * 4_320

  private let input: MediaInput
  private let context: UnsafeMutablePointer<AVFormatContext>
  let container: String
  let video: Stream?
  let audio: Stream?
  /// Whether the container breaks off or is damaged.
  private(set) var isBroken = false
  private var peeked: [(Kind, Packet)] = []
  private var nextPeeked = 0
  private var origin: Int64 = 0
  private var timeline = Timeline()

  /// - Throws: `data` with the reason if the recording cannot be used.
  init(_ input: MediaInput) throws(Diagnostic) {
    self.input = input
    if input.size == 0 { throw Diagnostic(.data, "the file is empty") }
    context = try input.openDemuxer(
      containers: RecordingSource.containers, codecs: Decoder.recordingCodecs)
    let names = String(cString: context.pointee.iformat.pointee.name)
    container = String(names.prefix { $0 != "," })
    // After a failure, what was found so far is kept. Decoding shows whether it can be used.
    _ = avformat_find_stream_info(context, nil)
    video = RecordingSource.best(AVMEDIA_TYPE_VIDEO, in: context)
    audio = RecordingSource.best(AVMEDIA_TYPE_AUDIO, in: context)
    if video == nil, audio == nil {
      throw Diagnostic(.data, "it holds neither picture nor sound")
    }
    for index in 0..<Int32(context.pointee.nb_streams) {
      let isUsed = index == video?.index || index == audio?.index
      context.pointee.streams[Int(index)]?.pointee.discard =
        isUsed ? AVDISCARD_DEFAULT : AVDISCARD_ALL
    }
    findOrigin()
  }

  deinit { MediaInput.close(context) }

  private static func best(
    _ type: AVMediaType, in context: UnsafeMutablePointer<AVFormatContext>
  ) -> Stream? {
    let index = av_find_best_stream(context, type, -1, -1, nil, 0)
    guard index >= 0, let stream = context.pointee.streams[Int(index)],
      let parameters = stream.pointee.codecpar,
      stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
    else { return nil }
    var size = 0
    let matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size)
    return Stream(
      index: index, timeBase: stream.pointee.time_base, parameters: parameters,
      rotation: size >= 36 ? Orientation(displayMatrix: matrix) : .upright,
      sampleAspect: av_guess_sample_aspect_ratio(context, stream, nil))
  }

  /// Reads the first packets to find the earliest time. The streams can begin at different times.
  private func findOrigin() {
    var firsts: [Kind: Int64] = [:]
    var bytes = 0
    let wanted = (video == nil ? 0 : 1) + (audio == nil ? 0 : 1)
    while firsts.count < wanted, peeked.count < 500, bytes < 16 << 20, let (kind, packet) = read() {
      if firsts[kind] == nil, let start = rawStart(of: packet, kind) { firsts[kind] = start }
      bytes += Int(packet.pointer.pointee.size)
      peeked.append((kind, packet))
    }
    origin = firsts.values.min() ?? 0
  }

  /// When a packet begins to be shown or heard, in the container's microseconds. A codec's priming
  /// does not count, because the decoder skips it.
  private func rawStart(of packet: Packet, _ kind: Kind) -> Int64? {
    guard let stream = kind == .video ? video : audio else { return nil }
    let fields = packet.pointer.pointee
    let time = fields.pts == yb_no_timestamp() ? fields.dts : fields.pts
    if time == yb_no_timestamp() { return nil }
    var start = microseconds(time, stream)
    var size = 0
    let data = av_packet_get_side_data(packet.pointer, AV_PKT_DATA_SKIP_SAMPLES, &size)
    if let data, size >= 4, stream.parameters.pointee.sample_rate > 0 {
      let skipped = UInt32(littleEndianBytes: UnsafeBufferPointer(start: data, count: 4))
      start += Int64(skipped) * 1_000_000 / Int64(stream.parameters.pointee.sample_rate)
    }
    return start
  }

  private func microseconds(_ time: Int64, _ stream: Stream) -> Int64 {
    let scaled = av_rescale_q(time, stream.timeBase, AVRational(num: 1, den: 1_000_000))
    // Hostile timestamps must not cause overflows.
    return min(max(scaled, -(1 << 60)), 1 << 60)
  }

  private func read() -> (Kind, Packet)? {
    let packet = Packet()
    var attempts = 0
    while attempts < 1_000 {
      let status = av_read_frame(context, packet.pointer)
      if status == yb_averror_eof() {
        if context.pointee.pb.pointee.error < 0 { isBroken = true }
        return nil
      }
      if status < 0 {
        isBroken = true
        attempts += 1
        continue
      }
      switch packet.pointer.pointee.stream_index {
      case video?.index: return (.video, packet)
      case audio?.index: return (.audio, packet)
      default: av_packet_unref(packet.pointer)
      }
    }
    return nil
  }

  /// The next packet of picture or sound. Its times are on the timeline, in microseconds.
  func next() -> (kind: Kind, packet: Packet, start: Int64)? {
    let found: (Kind, Packet)?
    if nextPeeked < peeked.count {
      found = peeked[nextPeeked]
      nextPeeked += 1
      if nextPeeked == peeked.count {
        peeked = []
        nextPeeked = 0
      }
    } else {
      found = read()
    }
    guard let (kind, packet) = found, let stream = kind == .video ? video : audio else {
      return nil
    }
    let none = yb_no_timestamp()
    let fields = packet.pointer
    let raw = fields.pointee.pts == none ? fields.pointee.dts : fields.pointee.pts
    let time = raw == none ? nil : microseconds(raw, stream) - origin
    let length = min(max(0, microseconds(fields.pointee.duration, stream)), 1_000_000)
    let start = timeline.place(time, length: length, track: kind == .video ? 0 : 1)
    let shift = start - (time ?? start)
    fields.pointee.pts =
      fields.pointee.pts == none ? start : microseconds(fields.pointee.pts, stream) - origin + shift
    fields.pointee.dts =
      fields.pointee.dts == none ? none : microseconds(fields.pointee.dts, stream) - origin + shift
    fields.pointee.duration = length
    return (kind, packet, start)
  }

  /// The time base of all packets.
  static let clock = AVRational(num: 1, den: 1_000_000)

  func makeDecoder(_ kind: Kind, isRough: Bool = false) throws(Diagnostic) -> Decoder? {
    guard let stream = kind == .video ? video : audio else { return nil }
    return try Decoder(
      stream.parameters, codecs: Decoder.recordingCodecs, timeBase: RecordingSource.clock,
      maxPixels: RecordingSource.maxPixels, isRough: isRough)
  }
}
