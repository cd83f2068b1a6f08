import CLibAV
import Diagnostics

/// The packets of a recording, on one timeline in microseconds that begins with the first packet.
///
/// **The timeline.** The container's timestamps are trusted as long as they make sense. If no
/// packet comes for more than 30 s, `Timeline.Witness` tells a pause, which stays, from a changed
/// clock. A changed clock, and a jump back by more than 0.5 s (two joined recordings), begins a new
/// *epoch*: the recording continues from where it was. The other stream joins the epoch when it
/// jumps too.
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
  /// How far it is read ahead to understand a track or a jump.
  private static let patience = (packets: 500, bytes: 16 << 20)

  private let input: MediaInput
  private let context: UnsafeMutablePointer<AVFormatContext>
  let container: String
  private(set) var video: Stream?
  private(set) var audio: Stream?
  /// What is left out of it, and why.
  private(set) var warnings: [Warning] = []
  /// Whether the container breaks off or is damaged.
  private(set) var isBroken = false
  private var peeked: [(kind: Kind, packet: Packet)] = []
  private var nextPeeked = 0
  private var origin: Int64 = 0
  private(set) var timeline: Timeline

  /// - Parameter longest: How long it can be at most, in milliseconds, as far as that is known from
  ///   elsewhere.
  /// - Throws: `data` with the reason if the recording cannot be used.
  init(_ input: MediaInput, longest: Int? = nil) throws(Diagnostic) {
    self.input = input
    timeline = longest.map { Timeline(longest: Int64(clamping: $0) * 1_000) } ?? Timeline()
    if input.size == 0 { throw Diagnostic(.data, "the file is empty") }
    context = try input.openDemuxer(
      containers: RecordingSource.containers, codecs: Decoder.recordingCodecs)
    let names = String(cString: context.pointee.iformat.pointee.name)
    container = String(names.prefix { $0 != "," })
    // After a failure, what was found so far is kept. Decoding shows whether it can be used.
    _ = avformat_find_stream_info(context, nil)
    var pictures = RecordingTracks(.video, in: context)
    var sounds = RecordingTracks(.audio, in: context)
    if pictures.chosen == nil, sounds.chosen == nil {
      throw Diagnostic(.data, "it holds neither picture nor sound")
    }
    var packets: [Packet] = []
    if pictures.isOpen || sounds.isOpen {
      let indices = (pictures.usable + sounds.usable).map(\.index)
      select(indices)
      packets = peek(indices)
      pictures.sift(packets)
      sounds.sift(packets)
    }
    video = pictures.chosen
    audio = sounds.chosen
    warnings = pictures.warnings + sounds.warnings
    select([video, audio].compactMap { $0?.index })
    peeked = packets.compactMap { packet in kind(of: packet).map { ($0, packet) } }
    findOrigin()
  }

  deinit { MediaInput.close(context) }

  /// Lets the demuxer return only these streams' packets.
  private func select(_ indices: [Int32]) {
    for index in 0..<Int32(context.pointee.nb_streams) {
      context.pointee.streams[Int(index)]?.pointee.discard =
        indices.contains(index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL
    }
  }

  /// Reads until some packets of each of these streams are there.
  private func peek(_ indices: [Int32]) -> [Packet] {
    var packets: [Packet] = []
    var counts: [Int32: Int] = [:]
    var bytes = 0
    while packets.count < RecordingSource.patience.packets,
      bytes < RecordingSource.patience.bytes,
      indices.contains(where: { counts[$0, default: 0] < RecordingTracks.sample }),
      let packet = readPacket()
    {
      counts[packet.pointer.pointee.stream_index, default: 0] += 1
      bytes += Int(packet.pointer.pointee.size)
      packets.append(packet)
    }
    return packets
  }

  private func kind(of packet: Packet) -> Kind? {
    switch packet.pointer.pointee.stream_index {
    case video?.index: .video
    case audio?.index: .audio
    default: nil
    }
  }

  /// Reads the first packets to find the earliest time. The streams can begin at different times.
  private func findOrigin() {
    var firsts: [Kind: Int64] = [:]
    var bytes = 0
    func note(_ kind: Kind, _ packet: Packet) {
      if firsts[kind] == nil, let start = rawStart(of: packet, kind) { firsts[kind] = start }
      bytes += Int(packet.pointer.pointee.size)
    }
    for (kind, packet) in peeked { note(kind, packet) }
    let wanted = (video == nil ? 0 : 1) + (audio == nil ? 0 : 1)
    while firsts.count < wanted, peeked.count < RecordingSource.patience.packets,
      bytes < RecordingSource.patience.bytes, let (kind, packet) = read()
    {
      note(kind, packet)
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
    while let packet = readPacket() {
      if let kind = kind(of: packet) { return (kind, packet) }
    }
    return nil
  }

  private func readPacket() -> Packet? {
    let packet = Packet()
    for _ in 0..<1_000 {
      let status = av_read_frame(context, packet.pointer)
      if status >= 0 { return packet }
      if status == yb_averror_eof() {
        if context.pointee.pb.pointee.error < 0 { isBroken = true }
        return nil
      }
      isBroken = true
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
    let (time, length) = times(of: packet, stream)
    let track = kind == .video ? 0 : 1
    var isOtherClock = false
    if let time, timeline.isFarAhead(time, track: track) {
      isOtherClock = isClockChanged(before: time, kind)
    }
    let start = timeline.place(time, length: length, track: track, isOtherClock: isOtherClock)
    let shift = start - (time ?? start)
    fields.pointee.pts =
      fields.pointee.pts == none ? start : microseconds(fields.pointee.pts, stream) - origin + shift
    fields.pointee.dts =
      fields.pointee.dts == none ? none : microseconds(fields.pointee.dts, stream) - origin + shift
    fields.pointee.duration = length
    return (kind, packet, start)
  }

  /// A packet's time since the origin, as the container gives it, and its length.
  private func times(of packet: Packet, _ stream: Stream) -> (time: Int64?, length: Int64) {
    let none = yb_no_timestamp()
    let fields = packet.pointer.pointee
    let raw = fields.pts == none ? fields.dts : fields.pts
    return (
      raw == none ? nil : microseconds(raw, stream) - origin,
      min(max(0, microseconds(fields.duration, stream)), 1_000_000)
    )
  }

  /// Reads ahead in the other stream.
  private func isClockChanged(before time: Int64, _ kind: Kind) -> Bool {
    let other: Kind = kind == .video ? .audio : .video
    guard let stream = other == .video ? video : audio else { return false }
    var witness = timeline.witness(time, track: kind == .video ? 0 : 1)
    var place = nextPeeked
    var bytes = 0
    while place - nextPeeked < 8 * RecordingSource.patience.packets,
      bytes < RecordingSource.patience.bytes
    {
      if place == peeked.count {
        guard let (kind, packet) = read() else { break }
        peeked.append((kind, packet))
      }
      let (found, packet) = peeked[place]
      place += 1
      bytes += Int(packet.pointer.pointee.size)
      guard found == other else { continue }
      let (time, length) = times(of: packet, stream)
      if let answer = witness.sees(time, length: length) { return answer }
    }
    return witness.verdict
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
