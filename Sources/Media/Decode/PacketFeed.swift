import CLibAV
import Diagnostics

/// Returns a recording's packets by stream, whatever their order in the container.
final class PacketFeed {
  typealias Item = (packet: Packet, start: Int64)

  /// The most undecoded bytes that can wait while the other stream is read. If a container is
  /// interleaved worse than this, later packets are lost.
  private static let patience = 192 << 20

  private let source: RecordingSource
  private var video: [Item] = []
  private var audio: [Item] = []
  private var nextVideo = 0
  private var nextAudio = 0
  private var waiting = 0
  private var hasEnded = false

  init(_ source: RecordingSource) { self.source = source }

  /// Skips packets before `time` without decoding them: pictures before the last key frame, and
  /// sound except for the last 0.2 s, which the decoder needs to settle.
  func skip(to time: Int64) {
    while let (kind, packet, start) = source.next() {
      switch kind {
      case .video:
        if packet.pointer.pointee.flags & AV_PKT_FLAG_KEY != 0, start <= time {
          waiting -= video.reduce(0) { $0 + Int($1.packet.pointer.pointee.size) }
          video.removeAll(keepingCapacity: true)
        }
        video.append((packet, start))
      case .audio:
        if start < time - 200_000 { continue }
        audio.append((packet, start))
      }
      waiting += Int(packet.pointer.pointee.size)
      if waiting > PacketFeed.patience { break }
      if start >= time { return }
    }
    hasEnded = true
  }

  /// The next packet of this stream, or `nil` at its end.
  func next(_ kind: RecordingSource.Kind) -> Item? {
    while true {
      if let item = take(kind) { return item }
      if hasEnded { return nil }
      guard let (found, packet, start) = source.next() else {
        hasEnded = true
        return nil
      }
      if found == kind { return (packet, start) }
      if found == .video { video.append((packet, start)) } else { audio.append((packet, start)) }
      waiting += Int(packet.pointer.pointee.size)
      if waiting > PacketFeed.patience { hasEnded = true }
    }
  }

  private func take(_ kind: RecordingSource.Kind) -> Item? {
    let item: Item
    switch kind {
    case .video:
      guard nextVideo < video.count else { return nil }
      item = video[nextVideo]
      nextVideo += 1
      if nextVideo == video.count { (video, nextVideo) = ([], 0) }
    case .audio:
      guard nextAudio < audio.count else { return nil }
      item = audio[nextAudio]
      nextAudio += 1
      if nextAudio == audio.count { (audio, nextAudio) = ([], 0) }
    }
    waiting -= Int(item.packet.pointer.pointee.size)
    return item
  }
}
