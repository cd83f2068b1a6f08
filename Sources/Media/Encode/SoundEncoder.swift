import CLibAV
import Diagnostics

/// Encodes a part of a film's soundtrack so that it can be joined to the parts before and after it
/// without a gap.
///
/// An AAC packet overlaps with the next one. So a part is encoded together with a little of the
/// sound before and after it, and the packets of that are dropped: the packets that meet at a join
/// were made from the same samples, with the same windows.
enum SoundEncoder {
  /// The samples before a part that its encoder must hear: it takes some frames until its windows
  /// no longer depend on where it began.
  static let before = 8 * SegmentEncoder.audioFrame
  /// The samples after a part: the overlap, and what the encoder looks ahead.
  static let after = 4 * SegmentEncoder.audioFrame

  /// Half the time of the encoder's defaults. Replacing noise by noise and shaping it in time cost
  /// more than they gain for tones.
  private static let options = [
    ("aac_coder", "fast"), ("aac_pns", "0"), ("aac_tns", "0"), ("aac_is", "0"),
  ]

  /// Writes a part of `gridSteps` steps to `path`.
  ///
  /// - Parameter samples: interleaved stereo of the part, with `before` samples before it and
  ///   `after` samples after it.
  static func encode(
    _ samples: [Float], format: FilmFormat, gridSteps: Int, to path: String
  ) throws(Diagnostic) {
    precondition(samples.count == 2 * (before + gridSteps * FilmFormat.samplesPerStep + after))
    let encoder = try SegmentEncoder.audioEncoder(format, options: options)
    let frame = Frame()
    var packets: [[UInt8]] = []
    func take(_ packet: UnsafeMutablePointer<AVPacket>) throws(Diagnostic) {
      packets.append(
        [UInt8](
          UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size))))
    }
    let size = 2 * SegmentEncoder.audioFrame
    for start in stride(from: 0, to: samples.count, by: size) {
      try frame.fill(stereo: samples[start..<start + size])
      frame.pointer.pointee.pts = Int64(start / 2)
      try encoder.send(frame, take: take)
    }
    try encoder.send(nil, take: take)
    // The first packet is the encoder's priming: packet n is heard from frame n − 1 on.
    let first = before / SegmentEncoder.audioFrame
    let count = gridSteps * FilmFormat.audioFramesPerStep + 1
    guard packets.count > first + count else {
      throw Diagnostic(.bug, "the number of encoded packets does not match the grid")
    }
    try SoundFile.write(
      Array(packets[first..<first + count]), gridSteps: gridSteps, extradata: encoder.extradata,
      to: path)
  }
}
