import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Somebody who can write to the store changes one thing in it, and `verify` names the file.
@Suite(.enabled(if: Places.program("ssh-keygen") != nil, "ssh-keygen is not installed"))
struct TamperTests {
  private static let keygen = Places.program("ssh-keygen")

  /// A signed store of one partition: three releases, of which one was pruned, and a head that only
  /// changes the status.
  private struct Scene {
    let folder: String
    let store: ReleaseStore
    let signers: AllowedSigners

    init(_ folder: String) throws {
      self.folder = folder
      let keygen = try #require(TamperTests.keygen)
      let key = folder + "/key"
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
      try Data("yearbook \(publicKey)".utf8).write(to: URL(filePath: folder + "/signers"))
      signers = try AllowedSigners(file: folder + "/signers")
      store = try ReleaseStore(
        root: folder + "/store", signer: ReleaseSigner(file: key, agent: nil))
      for (turn, status) in [
        (1, ReleaseStatus.provisional), (2, .provisional), (3, .provisional), (3, .final),
      ] {
        var release = Samples.release(
          rows: ["2026-01-01,\(turn)\r\n"],
          metadata: Samples.metadata(status, created: Samples.now + turn * 86_400))
        release.files.removeLast()
        _ = try store.publish(release)
      }
      let rule = PruneRule(last: 2, grace: 0)
      let pruned = try #require(
        store.prune([Samples.partition], by: rule, now: Int(time(nil)) + 10 * 86_400).first)
      #expect(try pruned.get().releases.count == 1)
    }

    /// Every file of the partition, by path below the store.
    var files: [String] {
      get throws {
        try FileManager.default.subpathsOfDirectory(atPath: store.path(Samples.partition.path))
          .map { Samples.partition.path + "/" + $0 }.sorted()
          .filter { FileReader.status(store.path($0))?.kind == .file }
      }
    }

    func faults(isSigned: Bool = true) throws -> [Fault] {
      try store.verify(VerifyOptions(isDeep: true, signers: isSigned ? signers : nil)).faults
    }

    /// Does something to the store, looks whether `verify` names a path, and undoes it.
    func expect(
      _ path: String, _ what: String, isSigned: Bool = true, _ tamper: () throws -> Void,
      undo: () throws -> Void
    ) throws {
      try tamper()
      let faults = try faults(isSigned: isSigned)
      #expect(
        faults.contains { $0.path == path && !$0.isHarmless }, "\(path) \(what): \(faults)")
      try undo()
    }
  }

  @Test func `An untouched store has no faults, signed or not`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      #expect(try scene.files.count == 29)
      #expect(try scene.faults() == [])
      #expect(try scene.faults(isSigned: false) == [])
    }
  }

  @Test(arguments: [true, false])
  func `Each byte that is changed is found, and the file named`(isSigned: Bool) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let step = getenv("YEARBOOK_SOAK") == nil ? 29 : 1
      var count = 0
      // Without a list of signers, who changes both a head and latest.json can't be told from a
      // publisher; one byte alone always can.
      for path in try scene.files {
        let file = scene.store.path(path)
        let good = try #require(FileManager.default.contents(atPath: file))
        chmod(file, 0o644)
        let descriptor = open(file, O_WRONLY)
        defer { close(descriptor) }
        for index in stride(from: count % step, to: good.count, by: step) {
          var byte = good[index] ^ 0x20
          pwrite(descriptor, &byte, 1, index)
          let faults = try scene.faults(isSigned: isSigned)
          #expect(
            faults.contains { $0.path == path && !$0.isHarmless },
            "byte \(index) of \(path): \(faults)")
          byte = good[index]
          pwrite(descriptor, &byte, 1, index)
          count += 1
        }
      }
      #expect(try scene.faults(isSigned: isSigned) == [])
      #expect(count > 8000 / step)
    }
  }

  @Test func `Each file that is deleted, renamed or replaced by a link is found`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let aside = folder + "/aside"
      for path in try scene.files {
        let file = scene.store.path(path)
        let back = { #expect(rename(aside, file) == 0) }
        // Whose own loss is that of what it signs, or of what it says is gone.
        let named =
          path.hasSuffix(".sig")
          ? String(path.dropLast(4))
          : path.hasSuffix("pruned.json") ? Samples.partition.path + "/heads/1.json" : path
        try scene.expect(named, "deleted", { #expect(rename(file, aside) == 0) }, undo: back)
        let other = path + ".old"
        try scene.expect(
          other, "renamed", { #expect(rename(file, scene.store.path(other)) == 0) },
          undo: { #expect(rename(scene.store.path(other), file) == 0) })
        try scene.expect(
          path, "linked",
          {
            #expect(rename(file, aside) == 0)
            #expect(symlink(aside, file) == 0)
          }, undo: back)
      }
      #expect(try scene.faults() == [])
    }
  }

  @Test func `A file or folder that is added anywhere is found`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let folders = try FileManager.default.subpathsOfDirectory(atPath: scene.store.path("tenants"))
        .map { "tenants/" + $0 }
        .filter { FileReader.status(scene.store.path($0))?.kind == .folder }
      for place in folders {
        let path = place + "/.x"
        let added = scene.store.path(path)
        try scene.expect(
          path, "added", { #expect(FileManager.default.createFile(atPath: added, contents: nil)) },
          undo: { unlink(added) })
      }
    }
  }

  @Test func `What was put back, or signed by another, is found`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let place = Samples.partition.path
      let latest = place + "/latest.json"
      func path(_ relative: String) -> String { scene.store.path(relative) }
      func put(_ bytes: Data, _ relative: String) {
        unlink(path(relative))
        #expect(FileManager.default.createFile(atPath: path(relative), contents: bytes))
      }
      let good = try #require(FileManager.default.contents(atPath: path(latest)))
      let old = try #require(FileManager.default.contents(atPath: path(place + "/heads/3.json")))
      try scene.expect(latest, "put back", { put(old, latest) }, undo: { put(good, latest) })

      // All heads after the third taken away as well: only who remembers the sequence can tell.
      let heads = ["heads/4.json", "heads/4.json.sig"].map { place + "/" + $0 }
      let contents = heads.map { FileManager.default.contents(atPath: path($0)) ?? Data() }
      for head in heads { unlink(path(head)) }
      put(old, latest)
      #expect(try scene.faults() == [])
      let remembered = VerifyOptions(signers: scene.signers, sequences: [Samples.partition: 4])
      #expect(try scene.store.verify(remembered).faults == [Fault(.rolledBack, latest)])
      for (head, content) in zip(heads, contents) { put(content, head) }
      put(good, latest)
      #expect(try scene.store.verify(remembered).faults == [])

      // Another's key.
      let keygen = try #require(Self.keygen)
      let key = folder + "/other"
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let head = try #require(FileManager.default.contents(atPath: path(heads[0])))
      let signature = try ReleaseSigner(file: key, agent: nil).sign(Array(head))
      put(Data(signature), heads[1])
      #expect(try scene.faults() == [Fault(.badSignature, heads[1])])
      put(contents[1], heads[1])

      let lost = ReleasePartition(tenant: "acme", pipeline: "report", period: "2025")
      #expect(
        try scene.store.verify(VerifyOptions(sequences: [lost: 1])).faults
          == [Fault(.missing, lost.path)])
    }
  }
}
