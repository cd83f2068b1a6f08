import CLibAV
import Diagnostics
import FoundationEssentials

/// Inside the sandbox: finds out what a recording contains and what happens in it.
///
/// Rules:
/// - All sound is decoded. All pictures of the first minute are decoded, and later only key frames,
///   so that two hours take about a minute. The change between key frames is estimated from the
///   number of encoded bytes, at the first minute's change per byte.
/// - The duration is the end of the last packet of a stream that can be decoded at least partly.
final class RecordingAnalyst {
  /// Before this time, every picture is decoded.
  private static let thoroughUntil: Int64 = 60_000_000
  /// One day. What comes later is not read.
  private static let longest: Int64 = 86_400_000_000
  /// The number of samples of both channels in 25 ms.
  private static let window = 2_400
  /// The time between two compared pictures: ten per second are enough.
  private static let stride: Int64 = 90_000

  private struct Second {
    var energy = 0.0
    var samples = 0
    /// Energy of each whole window of 25 ms.
    var windows: [Float] = []
    var peak: Float = 0
    var change = 0
    var bytes = 0
    var luma = -1
  }

  private let source: RecordingSource
  private var video: Decoder?
  private var audio: Decoder?
  private let thumbnails = Thumbnails()
  private let converter = SoundConverter()
  private var meter = LoudnessMeter(measuresTruePeak: false)
  private var seconds: [Second] = []
  private var warnings: [Warning] = []
  private var lastThumbnail: [UInt8]?
  private var nextThumbnail = Int64.min / 2
  private var decodedPictures = 0
  private var pictures = 0
  private var size = (width: 0, height: 0)
  private var videoEnd: Int64 = 0
  private var audioEnd: Int64 = 0
  private var decodedSamples = 0
  private var soundPackets = 0
  private var peak: Float = 0
  /// Energy and samples of a window that is not complete yet.
  private var window = (energy: Float(0), samples: 0)
  private var lastPicture: (start: Int64, length: Int64)?

  static func run(_ input: MediaInput, longest: Int?) throws(Diagnostic) {
    let analyst = RecordingAnalyst(try RecordingSource(input, longest: longest))
    let probe = try analyst.analyse()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      ChildOutput.send(.result, Array(try encoder.encode(probe)))
    } catch { throw Diagnostic(.bug, "the probe cannot be written", underlying: error) }
  }

  private init(_ source: RecordingSource) {
    self.source = source
    warnings = source.warnings
    do throws(Diagnostic) { video = try source.makeDecoder(.video, isRough: true) } catch {
      warn("recording-without-picture", error.message)
    }
    do throws(Diagnostic) { audio = try source.makeDecoder(.audio) } catch {
      warn("recording-without-sound", error.message)
    }
  }

  private func warn(_ code: String, _ message: String) {
    warnings.append(Warning(code: code, subject: "", message: message))
  }

  private func analyse() throws(Diagnostic) -> RecordingProbe {
    if video == nil, audio == nil,
      let reason = warnings.first(where: { $0.code.hasPrefix("recording-without") })
    {
      throw Diagnostic(.data, reason.message)
    }
    while let (kind, packet, start) = source.next() {
      if start > RecordingAnalyst.longest {
        warn("recording-long", "what lies beyond its first 24 hours is left out")
        break
      }
      switch kind {
      case .video: takePicture(packet, start)
      case .audio: takeSound(packet, start)
      }
    }
    if let video {
      video.send(nil)
      while video.receive() { look(video.frame.pointer) }
    }
    if let audio {
      audio.send(nil)
      while audio.receive() { listen(audio.frame.pointer) }
    }
    return try summary()
  }

  private func takePicture(_ packet: Packet, _ start: Int64) {
    guard let video else { return }
    let fields = packet.pointer.pointee
    pictures += 1
    // If the container gives no length, a picture lasts as long as the one before it. Packets come
    // in decoding order, so only the latest time so far counts.
    if let last = lastPicture, start > last.start {
      lastPicture = (start, min(start - last.start, 1_000_000))
    } else if lastPicture == nil {
      lastPicture = (start, 33_333)
    }
    let length = fields.duration > 0 ? fields.duration : (lastPicture?.length ?? 0)
    videoEnd = max(videoEnd, start + length)
    let isKey = fields.flags & AV_PKT_FLAG_KEY != 0
    if !isKey { withSecond(start) { $0.bytes += Int(fields.size) } }
    if isKey || start < RecordingAnalyst.thoroughUntil {
      video.send(packet)
      while video.receive() { look(video.frame.pointer) }
    }
  }

  private func look(_ frame: UnsafeMutablePointer<AVFrame>) {
    decodedPictures += 1
    if size.width == 0 { size = shownSize(frame) }
    let claimed = frame.pointee.best_effort_timestamp
    let start = claimed == yb_no_timestamp() ? (lastPicture?.start ?? 0) : claimed
    if start < nextThumbnail, start > nextThumbnail - 10 * RecordingAnalyst.stride { return }
    nextThumbnail = start + RecordingAnalyst.stride
    guard let thumbnail = thumbnails.make(frame) else { return }
    var change = 0
    if let lastThumbnail {
      for index in 0..<thumbnail.count {
        change += abs(Int(thumbnail[index]) - Int(lastThumbnail[index]))
      }
    }
    lastThumbnail = thumbnail
    let mean = thumbnail.reduce(0) { $0 + Int($1) } / thumbnail.count
    withSecond(start) { second in
      second.change += change * 1_000 / thumbnail.count
      second.luma = mean
    }
  }

  private func shownSize(_ frame: UnsafeMutablePointer<AVFrame>) -> (Int, Int) {
    var aspect = frame.pointee.sample_aspect_ratio
    if aspect.num <= 0 || aspect.den <= 0 {
      aspect = source.video?.sampleAspect ?? AVRational(num: 1, den: 1)
    }
    var width = Int(frame.pointee.width)
    if aspect.num > 0, aspect.den > 0, aspect.num < 1 << 20 {
      width = max(1, width * Int(aspect.num) / Int(aspect.den))
    }
    let height = Int(frame.pointee.height)
    return source.video?.rotation.isSideways == true ? (height, width) : (width, height)
  }

  private func takeSound(_ packet: Packet, _ start: Int64) {
    guard let audio else { return }
    soundPackets += 1
    audio.send(packet)
    while audio.receive() { listen(audio.frame.pointer) }
  }

  private func listen(_ frame: UnsafeMutablePointer<AVFrame>) {
    let claimed = frame.pointee.best_effort_timestamp
    let time = claimed == yb_no_timestamp() ? audioEnd : claimed
    let (start, samples) = converter.convert(frame, at: time)
    if samples.isEmpty { return }
    decodedSamples += samples.count / 2
    meter.add(samples)
    audioEnd = max(audioEnd, time + Int64(samples.count / 2) * 1_000 / 48)
    // A frame lasts at most 0.1 s. It counts for the second in which it begins.
    var energy = 0.0
    var largest: Float = 0
    var windows: [Float] = []
    for value in samples {
      energy += Double(value) * Double(value)
      largest = max(largest, abs(value))
      window.energy += value * value
      window.samples += 1
      if window.samples == RecordingAnalyst.window {
        windows.append(window.energy)
        window = (0, 0)
      }
    }
    peak = max(peak, largest)
    withSecond(Int64(max(0, start)) * 1_000 / 48) { second in
      second.energy += energy
      second.samples += samples.count
      second.windows += windows
      second.peak = max(second.peak, largest)
    }
  }

  private func withSecond(_ time: Int64, _ body: (inout Second) -> Void) {
    let index = Int(max(0, min(time, RecordingAnalyst.longest)) / 1_000_000)
    while seconds.count <= index { seconds.append(Second()) }
    body(&seconds[index])
  }

  private func summary() throws(Diagnostic) -> RecordingProbe {
    let failures = (video?.failures ?? 0) + (audio?.failures ?? 0)
    if video != nil, decodedPictures == 0, pictures > 0 {
      warn("recording-without-picture", "none of its \(pictures) pictures can be decoded")
    }
    if audio != nil, decodedSamples == 0, soundPackets > 0 {
      warn("recording-without-sound", "none of its sound can be decoded")
    }
    if decodedPictures == 0, decodedSamples == 0 {
      throw Diagnostic(.data, "it holds neither picture nor sound that can be decoded")
    }
    if failures > 0 {
      warn("recording-damaged", "\(failures) of its pictures or packets could not be decoded")
    }
    warnOfJumps()
    if source.isBroken { warn("recording-damaged", "its container breaks off or is damaged") }
    var foundVideo: RecordingProbe.Video?
    if decodedPictures > 0, let video, let stream = source.video {
      foundVideo = RecordingProbe.Video(
        codec: video.codec, width: size.width, height: size.height,
        rotation: stream.rotation.quarterTurns * 90, duration: Int(videoEnd / 1_000),
        frames: pictures)
    }
    var foundAudio: RecordingProbe.Audio?
    if decodedSamples > 0, let audio, let stream = source.audio {
      let channels = stream.parameters.pointee.ch_layout.nb_channels
      foundAudio = RecordingProbe.Audio(
        codec: audio.codec, sampleRate: Int(stream.parameters.pointee.sample_rate),
        channels: Int(channels), duration: Int(audioEnd / 1_000),
        loudness: meter.integrated().map { Int(($0 * 100).rounded()) },
        peak: Int((peak * 1_000_000).rounded()))
    }
    let end = max(foundVideo == nil ? 0 : videoEnd, foundAudio == nil ? 0 : audioEnd)
    return RecordingProbe(
      container: source.container, duration: Int(end / 1_000), video: foundVideo,
      audio: foundAudio, pause: Int(source.timeline.paused / 1_000),
      activity: activity(until: end), warnings: warnings)
  }

  private func warnOfJumps() {
    let leftOut = source.timeline.leftOut
    guard leftOut.count > 0 else { return }
    func seconds(_ time: Int64) -> String { "\(Counted.tenths(Double(time) / 1_000_000)) s" }
    let places = leftOut.count == 1 ? "at" : "in \(leftOut.count) places, first at"
    warn(
      "recording-jump",
      "its clock jumps ahead \(places) \(seconds(leftOut.first)); the \(seconds(leftOut.total))"
        + " between are left out")
  }

  private func activity(until end: Int64) -> [RecordingProbe.Activity] {
    let count = min(seconds.count, Int((end + 999_999) / 1_000_000))
    let thorough = seconds.prefix(Int(RecordingAnalyst.thoroughUntil / 1_000_000))
    let changes = thorough.reduce(0) { $0 + $1.change }
    let bytes = max(1, thorough.reduce(0) { $0 + $1.bytes })
    var luma = -1
    return seconds.prefix(count).enumerated().map { index, second in
      let change =
        index < thorough.count
        ? second.change : Int(Double(second.bytes) * Double(changes) / Double(bytes))
      if second.luma >= 0 { luma = second.luma }
      let square = second.samples > 0 ? second.energy / Double(second.samples) : 0
      return RecordingProbe.Activity(
        rms: Int((square.squareRoot() * 1_000_000).rounded()),
        peak: Int((second.peak * 1_000_000).rounded()),
        unevenness: RecordingAnalyst.unevenness(second.windows), change: change, luma: luma)
    }
  }

  /// How far the quiet fifth of the windows is below their mean, in thousandths of the mean.
  private static func unevenness(_ windows: [Float]) -> Int {
    let mean = windows.reduce(0, +) / Float(max(1, windows.count))
    // A second with very few windows says nothing.
    guard windows.count >= 10, mean > 0 else { return 0 }
    let quiet = windows.sorted()[windows.count / 5]
    return Int((1_000 * max(0, 1 - quiet / mean)).rounded())
  }
}

/// Makes small grey pictures from frames of any size and format, to compare them.
private final class Thumbnails {
  private static let size = (width: 64, height: 36)

  private var context: OpaquePointer?
  private let grey = Frame()

  deinit { sws_freeContext(context) }

  func make(_ frame: UnsafeMutablePointer<AVFrame>) -> [UInt8]? {
    let (width, height) = (Int32(Thumbnails.size.width), Int32(Thumbnails.size.height))
    context = sws_getCachedContext(
      context, frame.pointee.width, frame.pointee.height, AVPixelFormat(frame.pointee.format),
      width, height, AV_PIX_FMT_GRAY8, SWS_AREA | SWS_ACCURATE_RND | SWS_BITEXACT, nil, nil, nil)
    if context == nil { return nil }
    if grey.pointer.pointee.width == 0 {
      grey.pointer.pointee.width = width
      grey.pointer.pointee.height = height
      grey.pointer.pointee.format = AV_PIX_FMT_GRAY8.rawValue
      if av_frame_get_buffer(grey.pointer, 0) < 0 { return nil }
    }
    let status = sws_scale_frame(context, grey.pointer, frame)
    guard status >= 0, let plane = grey.pointer.pointee.data.0 else { return nil }
    let stride = Int(grey.pointer.pointee.linesize.0)
    return (0..<Int(height)).flatMap { row in
      [UInt8](UnsafeBufferPointer(start: plane + row * stride, count: Int(width)))
    }
  }
}
