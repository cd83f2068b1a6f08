import CLibAV
import Diagnostics
import Glibc

/// A segment on disk: the packets of one scene with exact timestamps. Nothing in it depends on when
/// or where it was made.
///
/// All numbers are little-endian:
///
///     "YBSEGM01"
///     u32 width, u32 height, u32 grid steps
///     u32 length, bytes                 H.264 extradata (Annex B)
///     u32 length, bytes                 AAC extradata
///     packets: u8 kind (0 video, 1 sound), u8 key, i64 pts, i64 dts, u32 duration, u32 length,
///     bytes
///     u8 0xFF, u32 video packets, u32 sound packets
///     u32 CRC-32 (IEEE) of all before it
///
/// Video times are in frames, sound times in samples. The first sound packet is the codec's
/// priming, at −1024. A truncated or changed file is refused.
enum SegmentFile {
  static let magic = Array("YBSEGM01".utf8)
  static let endMark: UInt8 = 0xFF

  struct Header: Hashable {
    var width: Int
    var height: Int
    var gridSteps: Int
    var videoExtradata: [UInt8]
    var audioExtradata: [UInt8]
  }

  struct PacketRecord {
    var isKey: Bool
    var pts: Int64
    var dts: Int64
    var duration: Int64
    /// The range of the payload in the file's bytes.
    var payload: Range<Int>
  }

  static func crc(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32) -> UInt32 {
    av_crc(
      av_crc_get_table(AV_CRC_32_IEEE_LE), crc,
      bytes.assumingMemoryBound(to: UInt8.self).baseAddress,
      bytes.count)
  }
}

extension SegmentFile {
  /// Writes a segment from start to end.
  final class Writer {
    private let file: FileSink
    private var checksum: UInt32 = .max
    private var counts: (video: UInt32, audio: UInt32) = (0, 0)

    init(path: String, header: Header) throws(Diagnostic) {
      file = try FileSink(path: path)
      var bytes = SegmentFile.magic
      bytes.append(littleEndian: UInt32(header.width))
      bytes.append(littleEndian: UInt32(header.height))
      bytes.append(littleEndian: UInt32(header.gridSteps))
      for extradata in [header.videoExtradata, header.audioExtradata] {
        bytes.append(littleEndian: UInt32(extradata.count))
        bytes += extradata
      }
      try put(bytes)
    }

    func append(_ packet: UnsafeMutablePointer<AVPacket>, isVideo: Bool) throws(Diagnostic) {
      let packet = packet.pointee
      var head: [UInt8] = [isVideo ? 0 : 1, packet.flags & AV_PKT_FLAG_KEY == 0 ? 0 : 1]
      head.append(littleEndian: packet.pts)
      head.append(littleEndian: packet.dts)
      head.append(littleEndian: UInt32(clamping: packet.duration))
      head.append(littleEndian: UInt32(packet.size))
      try put(head)
      try put([UInt8](UnsafeBufferPointer(start: packet.data, count: Int(packet.size))))
      if isVideo { counts.video += 1 } else { counts.audio += 1 }
    }

    func finish() throws(Diagnostic) {
      var tail = [SegmentFile.endMark]
      tail.append(littleEndian: counts.video)
      tail.append(littleEndian: counts.audio)
      try put(tail)
      var last: [UInt8] = []
      last.append(littleEndian: checksum)
      try put(last)
      try file.close()
    }

    private func put(_ bytes: [UInt8]) throws(Diagnostic) {
      checksum = bytes.withUnsafeBytes { SegmentFile.crc($0, continuing: checksum) }
      try file.write(bytes)
    }
  }
}

extension SegmentFile {
  /// The length from a file's first bytes. The rest of the file is not read.
  static func gridSteps(of path: String) throws(Diagnostic) -> Int {
    let start = try FileSource.bytes(of: path, limit: 20)
    guard start.count == 20, start.prefix(8) == magic[...] else { throw malformed(path) }
    return Int(UInt32(littleEndianBytes: start[16..<20]))
  }

  private static func malformed(_ path: String) -> Diagnostic {
    Diagnostic(
      .data, "this segment is incomplete or damaged", at: .init(file: path),
      hint: "remove it and run again: the scene is encoded again")
  }

  /// A complete segment, read and checked.
  struct Contents {
    var header: Header
    var bytes: [UInt8]
    var video: [PacketRecord] = []
    var audio: [PacketRecord] = []

    /// - Throws: `data` if the segment is incomplete or damaged, `io` if it cannot be read.
    init(path: String) throws(Diagnostic) {
      let bytes = try FileSource.bytes(of: path)
      do {
        var cursor = ByteCursor(bytes)
        guard bytes.count > 4, try cursor.take(8) == SegmentFile.magic[...] else {
          throw Malformed()
        }
        let stored = UInt32(littleEndianBytes: bytes[(bytes.count - 4)...])
        let actual = bytes.withUnsafeBytes {
          SegmentFile.crc(UnsafeRawBufferPointer(rebasing: $0.dropLast(4)), continuing: .max)
        }
        guard stored == actual else { throw Malformed() }
        let (width, height) = (Int(try cursor.u32()), Int(try cursor.u32()))
        let steps = Int(try cursor.u32())
        let videoExtradata = Array(try cursor.take(Int(try cursor.u32())))
        let audioExtradata = Array(try cursor.take(Int(try cursor.u32())))
        header = Header(
          width: width, height: height, gridSteps: steps, videoExtradata: videoExtradata,
          audioExtradata: audioExtradata)
        while true {
          let kind = try cursor.u8()
          if kind == SegmentFile.endMark { break }
          let isKey = try cursor.u8() == 1
          let (pts, dts) = (try cursor.i64(), try cursor.i64())
          let duration = Int64(try cursor.u32())
          let range = try cursor.skip(Int(try cursor.u32()))
          let packet = PacketRecord(
            isKey: isKey, pts: pts, dts: dts, duration: duration, payload: range)
          if kind == 0 { video.append(packet) } else { audio.append(packet) }
        }
        let counts = (Int(try cursor.u32()), Int(try cursor.u32()))
        guard
          counts == (video.count, audio.count), cursor.position == bytes.count - 4,
          video.count == steps * FilmFormat.framesPerStep,
          audio.count == steps * FilmFormat.audioFramesPerStep + 1, video.first?.isKey == true
        else { throw Malformed() }
      } catch {
        throw SegmentFile.malformed(path)
      }
      self.bytes = bytes
    }

    private struct Malformed: Error {}
  }
}
