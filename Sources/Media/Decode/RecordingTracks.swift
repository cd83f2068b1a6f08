import CLibAV
import Diagnostics

/// The tracks of one kind in a recording, and which of them is used: the best that can be decoded.
struct RecordingTracks {
  typealias Stream = RecordingSource.Stream

  /// So many packets of a track show whether it can be decoded.
  static let sample = 8

  private let kind: RecordingSource.Kind
  /// In the order of libav's preference: not for people with impairments, marked as default, more
  /// than one picture, a higher bit rate.
  private let all: [Stream]
  /// Those with a codec that is decoded here, in the same order.
  private(set) var usable: [Stream]

  /// Cover pictures are not tracks.
  init(_ kind: RecordingSource.Kind, in context: UnsafeMutablePointer<AVFormatContext>) {
    self.kind = kind
    let type = kind == .video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO
    let streams = (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
      .filter {
        $0.pointee.codecpar.pointee.codec_type == type
          && $0.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0
      }
    // libav names only the best one. So each that was named is hidden, and it is asked again.
    var hidden: [UnsafeMutablePointer<AVStream>] = []
    let covers = (0..<Int(context.pointee.nb_streams)).compactMap { context.pointee.streams[$0] }
      .filter {
        $0.pointee.codecpar.pointee.codec_type == type
          && $0.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
      }
    for cover in covers { cover.pointee.codecpar.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT }
    var ranked: [UnsafeMutablePointer<AVStream>] = []
    while ranked.count < streams.count {
      let index = av_find_best_stream(context, type, -1, -1, nil, 0)
      guard index >= 0, let stream = context.pointee.streams[Int(index)] else { break }
      stream.pointee.codecpar.pointee.codec_type = AVMEDIA_TYPE_ATTACHMENT
      hidden.append(stream)
      ranked.append(stream)
    }
    for stream in hidden + covers { stream.pointee.codecpar.pointee.codec_type = type }
    // libav does not name tracks of which it knows too little. They are told about.
    let unknown = streams.filter { stream in
      !ranked.contains(stream) && !Decoder.canDecode(stream.pointee.codecpar)
    }
    all = (ranked + unknown).map { RecordingTracks.stream($0, context) }
    usable = all.filter { Decoder.canDecode($0.parameters) }
  }

  private static func stream(
    _ stream: UnsafeMutablePointer<AVStream>, _ context: UnsafeMutablePointer<AVFormatContext>
  ) -> Stream {
    var size = 0
    let matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size)
    return Stream(
      index: stream.pointee.index, timeBase: stream.pointee.time_base,
      parameters: UnsafePointer(stream.pointee.codecpar),
      rotation: size >= 36 ? Orientation(displayMatrix: matrix) : .upright,
      sampleAspect: av_guess_sample_aspect_ratio(context, stream, nil))
  }

  /// The track that is used. If none can be decoded, the best one: its decoder tells why.
  var chosen: Stream? { usable.first ?? all.first }

  /// Whether only decoding can tell which track is used.
  var isOpen: Bool { usable.count > 1 }

  /// Tries the tracks' first packets. A track of which nothing can be decoded is used only if there
  /// is no other one; a track without a packet so far comes after those that can be decoded.
  mutating func sift(_ packets: [Packet]) {
    guard isOpen else { return }
    let answers = usable.map { RecordingTracks.decodes($0, packets) }
    let order = [true, nil, false].map { (wanted: Bool?) -> [Stream] in
      zip(usable, answers).filter { $0.1 == wanted }.map(\.0)
    }
    let working = order[0] + order[1]
    usable = working.isEmpty ? order[2] : working
  }

  private static func decodes(_ stream: Stream, _ packets: [Packet]) -> Bool? {
    let own = packets.filter { $0.pointer.pointee.stream_index == stream.index }
    if own.isEmpty { return nil }
    do throws(Diagnostic) {
      let decoder = try Decoder(
        stream.parameters, codecs: Decoder.recordingCodecs, timeBase: stream.timeBase,
        maxPixels: RecordingSource.maxPixels, isRough: true)
      for packet in own.prefix(4 * sample) {
        decoder.send(packet)
        if decoder.receive() { return true }
      }
      decoder.send(nil)
      return decoder.receive()
    } catch { return false }
  }

  /// What is left out of the recording.
  var warnings: [Warning] {
    guard let chosen, let best = all.first, let used = usable.first else { return [] }
    let name = kind == .video ? "picture" : "sound"
    var found: [Warning] = []
    if best.index != chosen.index {
      found.append(
        Warning(
          code: "recording-track", subject: "",
          message: "its preferred \(name) track, \(Decoder.name(of: best.parameters)), cannot be"
            + " decoded; its track in \(Decoder.name(of: used.parameters)) is used"))
    }
    if usable.count > 1 {
      found.append(
        Warning(
          code: "recording-tracks", subject: "",
          message: "it has \(usable.count) \(name) tracks; only one of them is used"))
    }
    return found
  }
}
