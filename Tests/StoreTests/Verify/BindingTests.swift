import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Heads say whose they are. Those of an older version do not.
@Suite(.enabled(if: Places.program("ssh-keygen") != nil, "ssh-keygen is not installed"))
struct BindingTests {
  private struct Scene {
    let store: ReleaseStore
    let signer: ReleaseSigner
    let signers: AllowedSigners

    init(_ folder: String) throws {
      let keygen = try #require(Places.program("ssh-keygen"))
      let key = folder + "/key"
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      signer = try ReleaseSigner(file: key, agent: nil)
      try Data("yearbook \(signer.publicKeyText)\n".utf8).write(to: URL(filePath: folder + "/list"))
      signers = try AllowedSigners(file: folder + "/list")
      store = try ReleaseStore(root: folder + "/store", signer: signer)
    }

    func publish(_ text: String, period: String = "2026") throws -> Head {
      var release = Samples.release(rows: ["\(text)\r\n"], period: period)
      release.files.removeLast()
      return try store.publish(release).head
    }

    func verify() throws -> Verification {
      try store.verify(VerifyOptions(isDeep: true, signers: signers))
    }

    /// Writes all heads of a partition as a version did that did not name the owner.
    func unbind(_ partition: ReleasePartition) throws {
      var before: SHA256Digest?
      for var head in try store.heads(partition) {
        head.binding = nil
        head.previous = before
        before = SHA256Digest(of: head.bytes)
        let path = "\(partition.path)/heads/\(head.sequence).json"
        try put(head.bytes, path)
        try put(try signer.sign(head.bytes), path + ".sig")
        try put(head.bytes, partition.path + "/latest.json")
      }
    }

    func put(_ bytes: [UInt8], _ path: String) throws {
      unlink(store.path(path))
      #expect(FileManager.default.createFile(atPath: store.path(path), contents: Data(bytes)))
    }
  }

  @Test func `Heads of an older version verify, are counted as unbound, and the next one is bound`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      _ = try scene.publish("2")
      #expect(try scene.verify().unboundCount == 0)
      try scene.unbind(Samples.partition)
      let old = try scene.verify()
      #expect(old.faults == [])
      #expect(old.isSound)
      #expect(old.unboundCount == 2)
      #expect(try scene.publish("2").sequence == 2)
      let head = try scene.publish("3")
      #expect(head.binding == Binding(tenantID: Samples.tenant.id, Samples.partition))
      let new = try scene.verify()
      #expect(new.faults == [])
      #expect(new.unboundCount == 2)
      // Also by going back to a release of the older version.
      let first = try #require(try scene.store.heads(Samples.partition).first?.release)
      let back = try scene.store.rollBack(
        Samples.partition, to: first, run: "rollback", now: Samples.now)
      #expect(back.binding == head.binding)
      #expect(try scene.verify().faults == [])
    }
  }

  @Test func `A partition of an older version in another place is found by what its bags say`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let other = ReleasePartition(tenant: "acme", pipeline: "report", period: "2025")
      let release = try scene.publish("1").release
      _ = try scene.publish("1", period: "2025")
      try scene.unbind(Samples.partition)
      try scene.unbind(other)
      #expect(try scene.verify().faults == [])
      let (ours, theirs) = (scene.store.path(Samples.partition.path), scene.store.path(other.path))
      #expect(rename(ours, folder + "/aside") == 0)
      #expect(rename(theirs, ours) == 0)
      #expect(rename(folder + "/aside", theirs) == 0)
      let faults = try scene.verify().faults
      #expect(faults.count == 4)
      #expect(
        faults.contains(
          Fault(.wrongPlace, "\(other.path)/releases/\(release)/datapackage.json")), "\(faults)")
      #expect(
        throws: (any Error).self, "A rollback and a restore must not take it for the partition's"
      ) {
        try scene.store.restore(other, release: release, to: folder + "/restored")
      }
    }
  }

  @Test func `The pointer of another partition with more heads is named, and no head is missed`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let other = ReleasePartition(tenant: "acme", pipeline: "report", period: "2025")
      _ = try scene.publish("1")
      for text in ["1", "2", "3"] { _ = try scene.publish(text, period: "2025") }
      let theirs = try #require(
        try FileReader.contents(scene.store.path(other.path + "/latest.json")))
      let latest = Samples.partition.path + "/latest.json"
      try scene.put(theirs, latest)
      #expect(try scene.verify().faults == [Fault(.wrongPlace, latest)])
    }
  }

  @Test func `A partition swapped with one of equal content is not taken for unchanged`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      let other = ReleasePartition(tenant: "acme", pipeline: "report", period: "2025")
      _ = try scene.publish("1")
      _ = try scene.publish("1", period: "2025")
      #expect(try scene.publish("1").sequence == 1)
      let (ours, theirs) = (scene.store.path(Samples.partition.path), scene.store.path(other.path))
      #expect(rename(ours, folder + "/aside") == 0)
      #expect(rename(theirs, ours) == 0)
      #expect(rename(folder + "/aside", theirs) == 0)
      for (period, partition) in [("2026", Samples.partition), ("2025", other)] {
        let head = try scene.publish("1", period: period)
        #expect(head.sequence == 2)
        #expect(head.binding?.period == period)
        #expect(try scene.store.latest(partition) == head)
        let details = try scene.store.details(partition, release: head.release)
        #expect(details.files.count == 4)
      }
      // What was swapped is still named.
      let faults = try scene.verify().faults
      #expect(faults.contains(Fault(.wrongPlace, other.path + "/heads/1.json")), "\(faults)")
      #expect(faults.allSatisfy { $0.kind == .wrongPlace }, "\(faults)")
    }
  }

  @Test func `Pages that a publisher renews while they are verified are no fault`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      let index = "tenants/acme/index.html"
      try scene.store.putPages([(index, [1])])
      let zeta = ReleaseTenant(
        id: "0a1b2c3d-0000-4000-8000-000000000002", slug: "zeta", name: "Zeta")
      _ = try scene.store.publish(Samples.release(tenant: zeta))
      try scene.store.putPages([("tenants/zeta/index.html", [1])])
      let isRenewed = Mutex(false)
      let store = scene.store
      // The page is older than its release at the first look, and renewed before the second.
      let making: PageMaking = { slug in
        var made = MadePages()
        made.pages = ["tenants/\(slug)/index.html": [slug == "acme" ? 2 : 1]]
        isRenewed.withLock { isRenewed in
          if slug == "acme", !isRenewed { made.behind = [index] }
          guard slug == "zeta", !isRenewed else { return }
          isRenewed = true
          do { try store.putPages([(index, [2])]) } catch { Issue.record("\(error)") }
        }
        return made
      }
      let found = try store.verify(
        VerifyOptions(isDeep: true, signers: scene.signers, pages: making))
      #expect(found.faults == [Fault(.missing, "operator")])
    }
  }

  @Test func `A tenant keeps its id, and so its heads, under a new slug`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      try scene.store.renameTenant(from: "acme", to: "ajax")
      let found = try scene.verify()
      #expect(found.faults == [])
      #expect(found.unboundCount == 0)
    }
  }

  @Test func `Pages are signed, and one that was signed is renewed only if it changed`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      let (index, list) = ("tenants/acme/index.html", "tenants/acme/pages.json")
      #expect(try scene.store.signedPages("acme").isDue)
      #expect(try scene.store.putPages([(index, [1])]) == 3)
      #expect(try !scene.store.signedPages("acme").isDue)
      #expect(try scene.store.putPages([(index, [1])]) == 0)
      #expect(try scene.verify().faults == [])
      try scene.put([2], index)
      #expect(try scene.verify().faults == [Fault(.altered, index)])
      // The page is right again, and so is its list.
      #expect(try scene.store.putPages([(index, [1])]) == 1)
      #expect(try scene.verify().faults == [])
      // A list that somebody else changed is not added to.
      var forged = PageList(slug: "acme")
      forged.tenantID = Samples.tenant.id
      forged.digests = ["report/2026/index.html": SHA256Digest(of: [9])]
      try scene.put(forged.bytes, list)
      #expect(try scene.store.signedPages("acme").isDue)
      #expect(try scene.store.putPages([(index, [1])], isComplete: true) > 0)
      #expect(try scene.verify().faults == [])
      // Without the key, the list goes: it would name what the pages no longer are.
      let keyless = try ReleaseStore(root: scene.store.root)
      #expect(try keyless.signedPages("acme").isDue)
      try keyless.putPages([(index, [3])])
      #expect(FileReader.status(scene.store.path(list)) == nil)
      #expect(try keyless.verify(deep: true).faults == [])
      #expect(try scene.verify().faults == [Fault(.unsigned, list)])
    }
  }

  @Test func `A page of other templates is outdated if it is signed, and altered if it is not`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      let index = "tenants/acme/index.html"
      try scene.store.putPages([(index, [1])])
      func faults(_ store: ReleaseStore, _ bytes: [UInt8], isBehind: Bool = false) throws -> [Fault]
      {
        let making: PageMaking = { slug in
          var made = MadePages()
          if slug == "acme" { made.pages = [index: bytes] }
          if isBehind { made.behind = [index] }
          return made
        }
        let signers = store.signer == nil ? nil : scene.signers
        return try store.verify(VerifyOptions(isDeep: true, signers: signers, pages: making)).faults
          .filter { $0.path != "operator" }
      }
      #expect(try faults(scene.store, [1]) == [])
      #expect(try faults(scene.store, [2]) == [Fault(.outdated, index)])
      #expect(try faults(scene.store, [2], isBehind: true) == [Fault(.rolledBack, index)])
      // Another's signature is nobody's.
      let key = folder + "/other"
      let keygen = try #require(Places.program("ssh-keygen"))
      #expect(try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let list = "tenants/acme/pages.json"
      let bytes = try #require(try FileReader.contents(scene.store.path(list)))
      try scene.put(try ReleaseSigner(file: key, agent: nil).sign(bytes), list + ".sig")
      #expect(
        try faults(scene.store, [2])
          == [
            Fault(.badSignature, list + ".sig"), Fault(.badSignature, list), Fault(.altered, index),
          ])
      let keyless = try ReleaseStore(root: scene.store.root)
      try keyless.putPages([(index, [4])])
      #expect(try faults(keyless, [4]) == [])
      #expect(try faults(keyless, [2]) == [Fault(.altered, index)])
    }
  }

  @Test(arguments: ["99999999999", "9007199254740991", "9007199254740992", "9223372036854775807"])
  func `A head with a huge number costs nothing, is named, and uses up no numbers`(
    number: String
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      _ = try scene.publish("1")
      let path = "\(Samples.partition.path)/heads/\(number).json"
      let good = try #require(
        try FileReader.contents(scene.store.path("\(Samples.partition.path)/heads/1.json")))
      try scene.put(good, path)
      let clock = ContinuousClock()
      let began = clock.now
      let faults = try scene.verify().faults
      #expect(clock.now - began < .seconds(5))
      #expect(faults.contains { $0.path == path && !$0.isHarmless }, "\(faults)")
      #expect(faults.allSatisfy { $0.path.hasPrefix(path) }, "\(faults)")
      #expect(try scene.publish("2").sequence == 2)
      unlink(scene.store.path(path))
      #expect(try scene.verify().faults == [])
    }
  }

  @Test func `Of a large gap between heads, only the first are named`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      var head = try scene.publish("1")
      head.sequence = 90_000_000_000
      let place = Samples.partition.path
      let path = "\(place)/heads/\(head.sequence).json"
      try scene.put(head.bytes, path)
      try scene.put(head.bytes, place + "/latest.json")
      let clock = ContinuousClock()
      let began = clock.now
      let faults = try scene.verify().faults
      #expect(clock.now - began < .seconds(5))
      #expect(faults.contains(Fault(.unsigned, path)))
      #expect(faults.contains(Fault(.missing, "\(place)/heads/2.json")))
      #expect(faults.count { $0.kind == .missing } == Head.mostLost)
    }
  }
}
