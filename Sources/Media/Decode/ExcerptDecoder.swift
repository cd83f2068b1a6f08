import CLibAV
import Diagnostics

/// Inside the sandbox: decodes an excerpt and sends it to the parent, 1/30 s at a time.
///
/// Rules:
/// - A moment shows the last picture that begins at most half a frame (1/60 s) after the moment.
///   That is the nearest picture, so that a variable frame rate becomes constant. Before the first
///   picture, the first one is shown; after the last picture, the last one.
/// - Sound is placed on the timeline by its timestamps if they differ by more than 20 ms from where
///   the sound would continue. With a smaller difference it simply continues, because browsers'
///   timestamps are not exact.
/// - The excerpt ends when both streams have ended.
struct ExcerptDecoder {
  static func run(
    _ input: MediaInput, start: Int, length: Int, box: (width: Int, height: Int), longest: Int?
  ) throws(Diagnostic) {
    guard start >= 0, length >= 0, length <= 86_400_000, start <= 1 << 40,
      (16...8_192).contains(box.width), (16...8_192).contains(box.height)
    else { throw Diagnostic(.data, "the requested excerpt is out of range") }
    let source = try RecordingSource(input, longest: longest)
    let feed = PacketFeed(source)
    let begin = Int64(start) * 1_000
    if start > 0 { feed.skip(to: begin) }
    let pictures = try PictureTrack(source, feed, box: box)
    let sound = try SoundTrack(source, feed, start: start * 48)
    if pictures == nil, sound == nil {
      throw Diagnostic(.data, "it holds neither picture nor sound that can be decoded")
    }
    let moments = (length * FilmFormat.frameRate + 999) / 1_000
    var sent = 0
    var sample = start * 48
    while sent < moments {
      let time = begin + Int64(sent) * 1_000_000 / Int64(FilmFormat.frameRate)
      // A little less than half a frame: of two equally near pictures, the earlier one is shown.
      try pictures?.advance(to: time + 16_600)
      let samples = sound?.take(from: sample, count: FilmFormat.samplesPerFrame)
      let end = max(pictures?.end ?? 0, sound?.end ?? 0)
      // A rest of less than half a moment is left out, except if there is nothing else.
      let hasPassed = sent == 0 ? time >= end : time + 16_667 >= end
      if pictures?.hasEnded ?? true, sound?.hasEnded ?? true, hasPassed { break }
      try pictures?.send()
      ChildOutput.send(.sound, bytes(of: samples))
      sample += FilmFormat.samplesPerFrame
      sent += 1
    }
    if sent == 0, moments > 0 {
      throw Diagnostic(.data, "nothing of this excerpt can be decoded")
    }
    let failures = (pictures?.failures ?? 0) + (sound?.failures ?? 0)
    if failures > 0 {
      ChildOutput.warn("recording-damaged", "\(failures) pictures or packets could not be decoded")
    }
    if sent < moments {
      ChildOutput.warn(
        "recording-short",
        "it ends \(sent * 1_000 / FilmFormat.frameRate) ms into an excerpt of \(length) ms")
    } else if source.isBroken {
      ChildOutput.warn("recording-damaged", "its container is damaged")
    }
  }

  private static func bytes(of samples: [Float]?) -> [UInt8] {
    guard let samples else { return [] }
    return samples.withUnsafeBytes { Array($0) }
  }
}

/// The pictures of an excerpt, in order.
private final class PictureTrack {
  private let feed: PacketFeed
  private let decoder: Decoder
  private let scaler: FrameScaler
  private var current: Frame?
  private var upcoming: (frame: Frame, start: Int64)?
  private var lastStart: Int64 = .min
  private var lastLength: Int64 = 33_333
  private var isDraining = false
  private var isUnsent = false
  private(set) var hasEnded = false
  /// The end of the last picture so far.
  private(set) var end: Int64 = 0
  private(set) var conversionFailures = 0

  init?(
    _ source: RecordingSource, _ feed: PacketFeed, box: (width: Int, height: Int)
  ) throws(Diagnostic) {
    guard let stream = source.video else { return nil }
    do throws(Diagnostic) {
      guard let decoder = try source.makeDecoder(.video) else { return nil }
      self.decoder = decoder
    } catch {
      ChildOutput.warn("recording-without-picture", error.message)
      return nil
    }
    self.feed = feed
    scaler = FrameScaler(
      box: box, orientation: stream.rotation, sampleAspect: stream.sampleAspect)
  }

  var failures: Int { decoder.failures + conversionFailures }

  /// Makes the last picture that begins at or before `time` the current one.
  func advance(to time: Int64) throws(Diagnostic) {
    while true {
      if let next = upcoming {
        if next.start > time, current != nil { return }
        // The first picture is also shown before its own time.
        current = next.frame
        isUnsent = true
        upcoming = nil
        if next.start > time { return }
      }
      guard decode() else {
        hasEnded = true
        return
      }
    }
  }

  /// Decodes until there is a next picture; `false` at the end.
  private func decode() -> Bool {
    if hasEnded { return false }
    while !decoder.receive() {
      if isDraining { return false }
      if let item = feed.next(.video) {
        decoder.send(item.packet)
      } else {
        decoder.send(nil)
        isDraining = true
      }
    }
    let frame = Frame()
    av_frame_move_ref(frame.pointer, decoder.frame.pointer)
    let claimed = frame.pointer.pointee.best_effort_timestamp
    var start = claimed == yb_no_timestamp() ? lastStart + lastLength : claimed
    if lastStart != .min {
      start = max(start, lastStart)
      if start > lastStart { lastLength = min(start - lastStart, 1_000_000) }
    } else {
      if claimed == yb_no_timestamp() { start = 0 }
      let length = frame.pointer.pointee.pkt_duration
      if length > 0 { lastLength = min(length, 1_000_000) }
    }
    lastStart = start
    end = start + lastLength
    upcoming = (frame, start)
    return true
  }

  /// Sends the current picture, unless the parent already has it.
  func send() throws(Diagnostic) {
    guard isUnsent, let frame = current else { return }
    isUnsent = false
    do throws(Diagnostic) {
      let picture = try scaler.convert(frame.pointer)
      var size: [UInt8] = []
      size.append(littleEndian: UInt32(picture.width))
      size.append(littleEndian: UInt32(picture.height))
      ChildOutput.send(.frame, size, picture.y, picture.u, picture.v)
    } catch {
      conversionFailures += 1
      if conversionFailures > 100 { throw error }
    }
  }
}

/// The sound of an excerpt, in order. Times are samples at 48 kHz.
private final class SoundTrack {
  /// 20 ms.
  private static let tolerance = 960
  /// A silence of more than a second is long.
  private static let silence = 48_000

  private let feed: PacketFeed
  private let decoder: Decoder
  private let converter = SoundConverter()
  private var samples: [Float] = []
  /// Sound after a long silence, which takes no memory.
  private var later: (start: Int, samples: [Float])?
  /// Where `samples` begins on the timeline.
  private var base: Int
  private var isFirst = true
  private var isDraining = false
  private(set) var hasEnded = false
  private var lastTime: Int64 = 0

  init?(_ source: RecordingSource, _ feed: PacketFeed, start: Int) throws(Diagnostic) {
    do throws(Diagnostic) {
      guard let decoder = try source.makeDecoder(.audio) else { return nil }
      self.decoder = decoder
    } catch {
      ChildOutput.warn("recording-without-sound", error.message)
      return nil
    }
    self.feed = feed
    base = start
  }

  var failures: Int { decoder.failures }

  /// The end of the sound so far, in microseconds.
  var end: Int64 {
    let last = later.map { $0.start + $0.samples.count / 2 } ?? base + samples.count / 2
    return Int64(last) * 1_000 / 48
  }

  /// `count` samples per channel from `start` on, with silence where there is no sound. `start`
  /// never goes back.
  func take(from start: Int, count: Int) -> [Float] {
    while base + samples.count / 2 < start + count {
      if let next = later {
        if next.start >= start + count { break }
        later = nil
        // What is before the wanted range is over.
        if base + samples.count / 2 <= start { (base, samples) = (start, []) }
        append(next.samples, after: next.start - base - samples.count / 2)
      } else if hasEnded {
        break
      } else {
        decode()
      }
    }
    var result = [Float](repeating: 0, count: 2 * count)
    let first = max(start, base)
    let last = min(start + count, base + samples.count / 2)
    if first < last {
      for index in 2 * (first - start)..<2 * (last - start) {
        result[index] = samples[index - 2 * (base - start)]
      }
    }
    let used = min(max(0, start + count - base), samples.count / 2)
    samples.removeFirst(2 * used)
    base += used
    return result
  }

  private func decode() {
    while !decoder.receive() {
      if isDraining {
        hasEnded = true
        return
      }
      if let item = feed.next(.audio) {
        decoder.send(item.packet)
      } else {
        decoder.send(nil)
        isDraining = true
      }
    }
    let frame = decoder.frame.pointer
    let claimed = frame.pointee.best_effort_timestamp
    let time = claimed == yb_no_timestamp() ? lastTime : claimed
    let length =
      frame.pointee.sample_rate > 0
      ? Int64(frame.pointee.nb_samples) * 1_000_000 / Int64(frame.pointee.sample_rate) : 0
    lastTime = time + length
    let (start, found) = converter.convert(frame, at: time)
    place(found, at: start)
  }

  private func append(_ found: [Float], after silence: Int) {
    samples += [Float](repeating: 0, count: 2 * max(0, silence))
    samples += found
  }

  private func place(_ found: [Float], at start: Int) {
    if found.isEmpty { return }
    let expected = base + samples.count / 2
    let deviation = start - expected
    if !isFirst, abs(deviation) <= SoundTrack.tolerance {
      samples += found
      return
    }
    isFirst = false
    if deviation > SoundTrack.silence {
      later = (start, found)
    } else if deviation >= 0 {
      append(found, after: deviation)
    } else if -deviation < found.count / 2 {
      samples += found[(2 * -deviation)...]
    } else {
      // All of it is before the wanted range or repeats earlier sound.
      isFirst = samples.isEmpty
    }
  }
}
