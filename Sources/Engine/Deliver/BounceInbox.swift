package import Basics
import Delivery
import Diagnostics
import Glibc

/// Reads what mail servers report about mails that they could not deliver.
///
/// Nothing that it says repeats an address. What it has read can be read again: an address is put
/// on the list once.
package struct BounceInbox {
  /// What reports there were.
  package struct Counts: Sendable, Hashable {
    package var reports = 0
    /// Addresses that get no more messages.
    package var suppressed = 0
    /// Reports of addresses that were on the list.
    package var known = 0
    /// Reports of what says nothing about tomorrow: a delay, a full mailbox, a rule.
    package var passing = 0
    /// Reports that name no message of this record, or another address than it went to.
    package var foreign = 0
    /// Mails that are not reports.
    package var others = 0
    /// Files that could not be read.
    package var unread = 0

    static func += (all: inout Counts, more: Counts) {
      all.reports += more.reports
      all.suppressed += more.suppressed
      all.known += more.known
      all.passing += more.passing
      all.foreign += more.foreign
      all.others += more.others
      all.unread += more.unread
    }
  }

  private let record: RunRecord
  private let isTrial: Bool
  private let cancellation: Cancellation
  private let tell: (String) -> Void

  /// A report is read by its beginning. What comes after that is the mail that came back.
  private static let mostOfMail = 1 << 20
  private static let mostOfFile = 1 << 30
  private static let batch = 200

  /// - Parameters:
  ///   - isTrial: whether nothing is written and no mail is moved.
  ///   - tell: receives a line for each file that could not be read.
  package init(
    _ record: RunRecord, isTrial: Bool, cancellation: Cancellation,
    tell: @escaping (String) -> Void
  ) {
    self.record = record
    self.isTrial = isTrial
    self.cancellation = cancellation
    self.tell = tell
  }

  /// Reads a file: one mail, or a mailbox of many that begins with a line `From …`.
  ///
  /// - Parameter path: `-` reads the standard input.
  /// - Throws: `.data` if no mail of it is a report, or if it is too large.
  package func read(file path: String) throws -> Counts {
    var counts = Counts()
    var waiting: [BounceReport] = []
    var splitter = MailboxSplitter(most: Self.mostOfMail)
    var size = 0
    func take(_ mails: [[UInt8]]) throws(Diagnostic) {
      for mail in mails {
        if let report = BounceReport(mail) { waiting.append(report) } else { counts.others += 1 }
        if waiting.count >= Self.batch {
          counts += try record.judge(waiting, isTrial: isTrial)
          waiting = []
        }
      }
    }
    func add(_ piece: UnsafeRawBufferPointer) throws(Diagnostic) {
      size += piece.count
      if size > Self.mostOfFile { throw Self.tooLarge(path) }
      if cancellation.isRequested {
        throw Diagnostic(.interrupted, "told to stop", hint: "run the same command again")
      }
      try take(splitter.add(piece))
    }
    if path == "-" {
      try Self.forEachPieceOfInput(add)
    } else {
      guard let status = FileReader.status(path) else {
        throw Diagnostic(.usage, "there is no such file or maildir", at: .init(file: path))
      }
      if status.byteCount > Self.mostOfFile { throw Self.tooLarge(path) }
      try FileReader.forEachPiece(of: path, add)
    }
    try take(splitter.end())
    counts += try record.judge(waiting, isTrial: isTrial)
    guard counts.reports > 0 else {
      throw Diagnostic(
        .data, "no report about a delivery (RFC 3464)", at: .init(file: path == "-" ? nil : path),
        hint: "it reads mails of the type multipart/report, as mail servers send them to the sender"
      )
    }
    return counts
  }

  private static func tooLarge(_ path: String) -> Diagnostic {
    Diagnostic(
      .data, "more than \(mostOfFile >> 30) GB: not a mailbox of reports",
      at: .init(file: path == "-" ? nil : path),
      hint: "name the maildir, or the file of the reports alone")
  }

  /// Reads the new mails of a maildir. What was read is moved from `new` to `cur`, as mail programs
  /// do.
  package func read(maildir folder: String) throws -> Counts {
    guard FileReader.status(folder + "/new")?.kind == .folder,
      FileReader.status(folder + "/cur")?.kind == .folder
    else {
      throw Diagnostic(
        .usage, "the folder is not a maildir: it has no 'new' and 'cur'", at: .init(file: folder))
    }
    var counts = Counts()
    for names in try FileReader.names(in: folder + "/new").parts(of: Self.batch) {
      if cancellation.isRequested {
        throw Diagnostic(.interrupted, "told to stop", hint: "run the same command again")
      }
      var reports: [BounceReport] = []
      var read: [String] = []
      for name in names where !name.hasPrefix(".") {
        do throws(Diagnostic) {
          guard let bytes = try Self.beginning(of: "\(folder)/new/\(name)") else { continue }
          if let report = BounceReport(bytes) {
            reports.append(report)
          } else {
            counts.others += 1
          }
          read.append(name)
        } catch {
          counts.unread += 1
          tell("\(error)")
        }
      }
      counts += try record.judge(reports, isTrial: isTrial)
      if isTrial { continue }
      for name in read {
        let seen = name.contains(":2,") ? name : name + ":2,S"
        guard
          rename("\(folder)/new/\(name)", "\(folder)/cur/\(seen)") == 0 || errno == ENOENT
        else { throw Disk.failure("move", "\(folder)/new/\(name)") }
      }
    }
    return counts
  }

  /// The beginning of a mail; `nil` if it is gone.
  private static func beginning(of path: String) throws(Diagnostic) -> [UInt8]? {
    guard let status = FileReader.status(path) else { return nil }
    guard status.byteCount <= 64 << 20 else {
      throw Diagnostic(.data, "more than 64 MB: not a report", at: .init(file: path))
    }
    return try FileReader.contents(path).map { Array($0.prefix(mostOfMail)) }
  }

  private static func forEachPieceOfInput(
    _ body: (UnsafeRawBufferPointer) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    var buffer = [UInt8](repeating: 0, count: FileReader.pieceSize)
    while true {
      let count = buffer.withUnsafeMutableBytes {
        Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
      }
      if count == 0 { return }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw Disk.failure("read", "the standard input") }
      let outcome: Result<Void, Diagnostic> = buffer.withUnsafeBytes { bytes in
        do throws(Diagnostic) {
          return .success(try body(UnsafeRawBufferPointer(rebasing: bytes[..<count])))
        } catch {
          return .failure(error)
        }
      }
      try outcome.get()
    }
  }
}

/// Takes a mailbox apart (RFC 4155): mails, each after a line that begins with `From ` and is the
/// first, or follows an empty line. Of a longer mail it keeps the beginning.
struct MailboxSplitter {
  private let most: Int
  private var mail: [UInt8] = []
  private var line: [UInt8] = []
  private var isMailbox = false
  private var isFirst = true
  private var afterEmpty = false

  init(most: Int) { self.most = most }

  /// The mails that end in this piece.
  mutating func add(_ piece: UnsafeRawBufferPointer) -> [[UInt8]] {
    var ended: [[UInt8]] = []
    var rest = piece[...]
    while !rest.isEmpty {
      let end = rest.firstIndex(of: 0x0A)
      let part = rest[..<(end ?? rest.endIndex)]
      if line.count < most { line.append(contentsOf: part.prefix(most - line.count)) }
      guard let end else { break }
      line.append(0x0A)
      if let mail = endLine() { ended.append(mail) }
      rest = rest[(end + 1)...]
    }
    return ended
  }

  /// The last mail.
  mutating func end() -> [[UInt8]] {
    let before = line.isEmpty ? nil : endLine()
    return [before, mail.isEmpty ? nil : mail].compactMap(\.self)
  }

  private mutating func endLine() -> [UInt8]? {
    defer {
      afterEmpty = line.elementsEqual([0x0A]) || line.elementsEqual([0x0D, 0x0A])
      isFirst = false
      line = []
    }
    let begins = (isFirst || isMailbox && afterEmpty) && line.starts(with: "From ".utf8)
    if isFirst { isMailbox = begins }
    var ended: [UInt8]?
    if begins, !isFirst {
      ended = mail
      mail = []
    }
    if mail.count < most { mail.append(contentsOf: line.prefix(most - mail.count)) }
    return ended
  }
}
