import Foundation
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Delivery
@testable import Diagnostics

@Suite("The channel into files")
struct FileChannelTests {
  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
  }

  private func channel(_ folder: String, disk: Disk = Disk(mask: 0o077)) -> FileChannel {
    FileChannel(root: folder, writer: Letters.writer, disk: disk)
  }

  @Test
  func `A second try adds nothing and replaces nothing, also after the mail was read and moved`()
    throws
  {
    try withTemporaryFolder { folder in
      let channel = channel(folder + "/mail")
      let box = folder + "/mail/ana@example.org"
      #expect(try channel.send(Letters.message()) == .accepted(note: "written"))
      let file = box + "/new/" + Letters.key.hex
      let before = FileReader.status(file)?.identity
      #expect(
        try channel.send(Letters.message(Letters.mail("Outro"))) == .accepted(note: "it was there"))
      #expect(FileReader.status(file)?.identity == before)
      try FileManager.default.moveItem(atPath: file, toPath: box + "/cur/\(Letters.key.hex):2,S")
      #expect(try channel.send(Letters.message()) == .accepted(note: "it was there"))
      #expect(
        try names(box) == ["cur", "cur/\(Letters.key.hex):2,S", "new", "tmp"])
      // Nobody else on the machine reads other people's mail.
      #expect(Disk.mode(box).map { $0 & 0o777 } == 0o700)
    }
  }

  @Test
  func `A try that the disk or a kill ends leaves a whole mail or none, and the next one is whole`()
    throws
  {
    try withTemporaryFolder { folder in
      let full = Diagnostic(.io, "the disk is full")
      // Five folders, a draft, its content, its name in `new`, and its own removed.
      for failing in 0..<10 {
        let root = "\(folder)/\(failing)"
        let left = Locked(failing)
        let disk = Disk(
          gate: { (_, _) throws(Diagnostic) in
            let isNow = left.withLock { count in
              count -= 1
              return count == -1
            }
            if isNow { throw full }
          }, mask: 0o077)
        do {
          _ = try channel(root, disk: disk).send(Letters.message())
        } catch let error as Diagnostic {
          #expect(error == full)
        }
        #expect(throws: Never.self) { try channel(root).send(Letters.message()) }
        let box = root + "/ana@example.org"
        #expect(try names(box) == ["cur", "new", "new/\(Letters.key.hex)", "tmp"], "\(failing)")
        let bytes = try #require(try FileReader.contents(box + "/new/\(Letters.key.hex)"))
        #expect(try JudgedMail.read([bytes]).first?.faults == [])
      }
    }
  }

  @Test func `No address leads out of the folder, and no two share one`() throws {
    let addresses = [
      "ana@example.org", "Ana@example.org", "ANA@example.org", "../../etc", "..", ".", "/", "",
      "a/b",
      "a_b", "a\\b", "a\u{0}b", "-x", "😀@example.org", "é@example.org", "e\u{301}@example.org",
      String(repeating: "a", count: 300), String(repeating: "a", count: 301), "a b", "a~b",
      ".ssh", "tmp", "new",
    ]
    let names = addresses.map(FileChannel.folderName)
    #expect(Set(names).count == Set(addresses.map { ExactText($0) }).count)
    for name in names {
      #expect(name.utf8.count <= 100 && !name.contains("/") && !name.hasPrefix("."))
      #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }
    #expect(FileChannel.folderName("ana+news@example.org") == "ana+news@example.org")
    try withTemporaryFolder { folder in
      let root = folder + "/mail"
      for address in ["../up@example.org", "/x@example.org", "a/../../up@example.org"] {
        let message = OutgoingMessage(
          key: Letters.key, recipient: Letters.recipient(address), content: .json([]))
        let answer = try channel(root).send(message)
        #expect(answer == .accepted(note: "written"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["mail"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: root).count == 3)
    }
  }

  @Test func `A link in a recipient's place is not followed`() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: folder + "/else", withIntermediateDirectories: true)
      try FileManager.default.createDirectory(
        atPath: folder + "/mail", withIntermediateDirectories: true)
      symlink(folder + "/else", folder + "/mail/ana@example.org")
      #expect(throws: Diagnostic.self) { try channel(folder + "/mail").send(Letters.message()) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/else") == [])
    }
  }

  @Test func `A body for a system lies beside the mails; nobody is nobody`() throws {
    try withTemporaryFolder { folder in
      let message = OutgoingMessage(
        key: Letters.key, recipient: Letters.recipient("crm/42"), content: .json(Array("{}".utf8)))
      #expect(try channel(folder).send(message) == .accepted(note: "written"))
      let box = folder + "/" + FileChannel.folderName("crm/42")
      #expect(try FileReader.contents(box + "/new/\(Letters.key.hex).json") == Array("{}".utf8))
      guard case .refused = try channel(folder).send(Letters.message(to: "")) else {
        Issue.record("a mail to nobody")
        return
      }
      guard case .refused = try channel(folder).send(Letters.message(to: "a@x.org,b@x.org")) else {
        Issue.record("a mail to two")
        return
      }
    }
  }
}
