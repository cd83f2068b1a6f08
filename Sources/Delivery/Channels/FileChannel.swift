package import Basics
package import Diagnostics
import Glibc

/// Puts messages into a folder instead of sending them, for trials and for demonstrations: a
/// maildir for each recipient, which mail programs can open.
///
/// A message's file is named by its key: another try finds it, wherever a mail program has moved
/// it within the maildir, and adds nothing.
package final class FileChannel: Channel {
  private let root: String
  private let writer: MailWriter
  private let disk: Disk
  private let now: @Sendable () -> Int

  /// A channel into a folder, which is made if it is missing.
  ///
  /// - Parameter now: Seconds since 1970, for messages without a date.
  package init(
    root: String, writer: MailWriter, disk: Disk = Disk(mask: 0o077),
    now: @escaping @Sendable () -> Int = { time(nil) }
  ) {
    self.root = root
    self.writer = writer
    self.disk = disk.rooted(at: root)
    self.now = now
  }

  /// Always `file`: there is one place.
  package func destination(of message: OutgoingMessage) -> String { "file" }

  /// Writes the message's file, unless it is there.
  package func send(_ message: OutgoingMessage) throws(Diagnostic) -> ChannelAnswer {
    guard !message.recipient.address.isEmpty else {
      return .refused(note: MailWriter.Fault.address.reason)
    }
    let bytes: [UInt8]
    let name: String
    switch message.content {
    case .mail(let mail):
      do throws(MailWriter.Fault) {
        bytes = try writer.write(
          mail, to: message.recipient, key: message.key, date: message.date ?? now())
      } catch {
        return .refused(note: error.reason)
      }
      name = message.key.hex
    case .json(let body):
      bytes = body
      name = message.key.hex + ".json"
    }
    let folder = root + "/" + Self.folderName(message.recipient.address)
    return try deliver(bytes, as: name, into: folder)
  }

  private func deliver(
    _ bytes: [UInt8], as name: String, into folder: String
  ) throws(Diagnostic) -> ChannelAnswer {
    try disk.makeFolders(root)
    for part in ["/cur", "/new", "/tmp"] { try disk.makeFolders(folder + part) }
    // What a killed try left. Without its lease nobody else writes this message.
    for left in try FileReader.names(in: folder + "/tmp") where left.hasPrefix(name) {
      try disk.remove(folder + "/tmp/" + left)
    }
    if try isThere(name, in: folder) { return .accepted(note: "it was there") }
    let draft = "\(folder)/tmp/\(name).\(getpid())"
    let file = try disk.create(draft, mode: 0o600)
    try disk.write(bytes, to: file, at: draft)
    guard fsync(file.number) == 0 else { throw Disk.failure("write", draft) }
    let isNew = try disk.claim(draft, as: folder + "/new/" + name)
    try disk.remove(draft)
    try Self.sync(folder + "/new")
    return .accepted(note: isNew ? "written" : "it was there")
  }

  /// Whether the message is in the maildir. A mail program moves what it has seen to `cur` and puts
  /// flags behind a colon.
  private func isThere(_ name: String, in folder: String) throws(Diagnostic) -> Bool {
    if FileReader.status(folder + "/new/" + name) != nil { return true }
    return try FileReader.names(in: folder + "/cur").contains {
      $0 == name || $0.hasPrefix(name + ":")
    }
  }

  /// Makes a new name in a folder durable.
  private static func sync(_ folder: String) throws(Diagnostic) {
    let descriptor = try FileDescriptor(folder, O_RDONLY | O_DIRECTORY)
    guard fsync(descriptor.number) == 0 || errno == EINVAL else {
      throw Disk.failure("write", folder)
    }
  }

  /// The name of a recipient's folder: the address itself if it is plain, else what is plain in it
  /// and a part of its digest. Two addresses never have the same, and none leads elsewhere.
  static func folderName(_ address: String) -> String {
    func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x61...0x7A: true
      default: "@._+-".utf8.contains(byte)
      }
    }
    let bytes = Array(address.utf8)
    let first = bytes.first.map { HeaderText.isLetterOrDigit($0) } ?? false
    // A digest's form is never a plain address's: a plain one has no "~".
    if first, bytes.count <= 100, bytes.allSatisfy(isPlain) { return address }
    let readable = address.lowercased().utf8.prefix(60).map { isPlain($0) ? $0 : UInt8(ascii: "_") }
    let start = readable.drop { !HeaderText.isLetterOrDigit($0) }
    return String(decoding: start, as: UTF8.self) + "~"
      + SHA256Digest(of: bytes).hex.prefix(16)
  }
}
