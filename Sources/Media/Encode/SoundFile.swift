import CLibAV
import Diagnostics

/// A part of a film's soundtrack on disk: the AAC packets of a number of grid steps. It replaces
/// the sound of the segments in the same place.
///
/// All numbers are little-endian:
///
///     "YBSOUN01"
///     u32 grid steps
///     u32 length, bytes        AAC extradata
///     packets: u32 length, bytes; 25 for each grid step and one before them
///     u32 CRC-32 (IEEE) of all before it
///
/// The first packet is for the sound before the part: only a film's first part needs it. A
/// truncated or changed file is refused.
enum SoundFile {
  static let magic = Array("YBSOUN01".utf8)

  struct Contents {
    var gridSteps: Int
    var extradata: [UInt8]
    var bytes: [UInt8]
    /// Where the packets are in the file's bytes.
    var packets: [Range<Int>] = []

    /// - Throws: `data` if the file is incomplete or damaged, `io` if it cannot be read.
    init(path: String) throws(Diagnostic) {
      bytes = try FileSource.bytes(of: path)
      do {
        var cursor = ByteCursor(bytes)
        guard bytes.count > 4, try cursor.take(8) == SoundFile.magic[...] else { throw Malformed() }
        let stored = UInt32(littleEndianBytes: bytes[(bytes.count - 4)...])
        let actual = bytes.withUnsafeBytes {
          SegmentFile.crc(UnsafeRawBufferPointer(rebasing: $0.dropLast(4)), continuing: .max)
        }
        guard stored == actual else { throw Malformed() }
        gridSteps = Int(try cursor.u32())
        extradata = Array(try cursor.take(Int(try cursor.u32())))
        while cursor.position < bytes.count - 4 {
          packets.append(try cursor.skip(Int(try cursor.u32())))
        }
        guard packets.count == gridSteps * FilmFormat.audioFramesPerStep + 1 else {
          throw Malformed()
        }
      } catch {
        throw Diagnostic(
          .data, "this part of a soundtrack is incomplete or damaged", at: .init(file: path),
          hint: "remove it and run again: the sound is encoded again")
      }
    }

    private struct Malformed: Error {}
  }

  static func write(
    _ packets: [[UInt8]], gridSteps: Int, extradata: [UInt8], to path: String
  ) throws(Diagnostic) {
    let file = try FileSink(path: path)
    var checksum: UInt32 = .max
    func put(_ bytes: [UInt8]) throws(Diagnostic) {
      checksum = bytes.withUnsafeBytes { SegmentFile.crc($0, continuing: checksum) }
      try file.write(bytes)
    }
    var head = magic
    head.append(littleEndian: UInt32(gridSteps))
    head.append(littleEndian: UInt32(extradata.count))
    try put(head + extradata)
    for packet in packets {
      var length: [UInt8] = []
      length.append(littleEndian: UInt32(packet.count))
      try put(length)
      try put(packet)
    }
    var last: [UInt8] = []
    last.append(littleEndian: checksum)
    try file.write(last)
    try file.close()
  }
}

extension SegmentFile.Contents {
  /// Replaces the sound by a part of a soundtrack.
  mutating func replaceSound(by sound: SoundFile.Contents, path: String) throws(Diagnostic) {
    guard sound.gridSteps == header.gridSteps, sound.extradata == header.audioExtradata else {
      throw Diagnostic(
        .bug, "a part of the soundtrack does not fit its segment", at: .init(file: path))
    }
    let offset = bytes.count
    bytes += sound.bytes
    audio = sound.packets.enumerated().map { index, range in
      let time = Int64((index - 1) * SegmentEncoder.audioFrame)
      return SegmentFile.PacketRecord(
        isKey: true, pts: time, dts: time, duration: Int64(SegmentEncoder.audioFrame),
        payload: range.lowerBound + offset..<range.upperBound + offset)
    }
  }
}
