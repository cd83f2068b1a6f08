import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Shares in a store: what they are taken back from, and what stays.
@Suite struct ShareTests {
  static let name = "abcdefghijklmnopqrstuvwxyz"
  static let place = ReleasePartition.share(name, of: "acme")
  static let gone = Array("<p>gone</p>\n".utf8)
  private static let keygen = Places.program("ssh-keygen")
  private static var now: Int { Int(time(nil)) }

  static func share(_ text: String = "secret words") -> PendingRelease {
    PendingRelease(
      tenant: Samples.tenant, pipeline: place.pipeline, period: place.period, title: "Year",
      files: [ReleaseFile(name: "card.txt", bytes: Array(text.utf8), mediaType: "text/plain")],
      metadata: Samples.metadata(.final))
  }

  /// A store with a report, and a share with its page.
  static func with(
    signer: ReleaseSigner? = nil, _ body: (ReleaseStore) throws -> Void
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store", signer: signer)
      _ = try store.publish(MirrorScene.small(1))
      _ = try store.publish(share())
      try store.putPage("\(place.path)/index.html", Array("<p>secret page</p>\n".utf8))
      try body(store)
    }
  }

  /// The files that contain a text.
  static func files(with text: String, in folder: String) throws -> String {
    try Program.run(["/bin/grep", "-rl", text, folder]).output
  }

  @Test func `A share is no report, and is as published`() throws {
    try Self.with { store in
      let partitions = try store.partitions(tenant: "acme")
      #expect(partitions == [Samples.partition])
      #expect(try store.shares(tenant: "acme") == [Self.place])
      #expect(try store.everything(tenant: "acme") == [Samples.partition, Self.place])
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `What is taken back leaves a page and a mark, and nothing of what was there`() throws {
    try Self.with { store in
      func takeBack() throws -> Bool {
        try store.holdShares {
          try store.takeBack(Self.place, page: Self.gone, run: "share", now: Self.now)
        }
      }
      #expect(try takeBack())
      #expect(try store.shown(Self.place) == nil && store.releases(Self.place) == [])
      for name in ["index.html", "gone.html"] {
        #expect(try FileReader.contents(store.path("\(Self.place.path)/\(name)")) == Self.gone)
      }
      #expect(try Self.files(with: "secret", in: store.root) == "")
      #expect(try store.verify(deep: true).faults == [])
      // Once more there is nothing to do; and it never comes back.
      #expect(try !takeBack())
      guard case .unchanged(let head) = try store.publish(Self.share()) else {
        Issue.record("it was published again")
        return
      }
      #expect(head.isWithdrawn)
      #expect(try Self.files(with: "secret", in: store.root) == "")
      // The report stays.
      #expect(try store.shown(Samples.partition) != nil)
    }
  }

  @Test func `What a dead publisher left of a share is removed, and a share with a head is not`()
    throws
  {
    try Self.with { store in
      try store.discard(Self.place)
      #expect(try store.shown(Self.place) != nil)
      let other = ReleasePartition.share(String(repeating: "z", count: 26), of: "acme")
      let release = store.path("\(other.path)/releases/r1/data")
      try FileManager.default.createDirectory(
        atPath: release, withIntermediateDirectories: true)
      try Data("secret".utf8).write(to: URL(filePath: release + "/card.txt"))
      try store.discard(other)
      #expect(try store.shares(tenant: "acme") == [Self.place])
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `Only 26 letters of base 32 are a share's name`() {
    #expect(ReleasePartition.isShareName(Self.name))
    for name in [
      "", "a", Self.name.uppercased(), Self.name + "a", String(Self.name.dropLast()) + "1",
    ] {
      #expect(!ReleasePartition.isShareName(name))
    }
    #expect(Name.isPeriod(Self.name))
  }

  @Test(.enabled(if: keygen != nil, "ssh-keygen is not installed"))
  func `Where pages are signed, putting all others keeps the pages of shares in the list`()
    throws
  {
    let keygen = try #require(Self.keygen)
    try withTemporaryFolder { folder in
      let key = folder + "/key"
      #expect(
        try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      try Self.with(signer: ReleaseSigner(file: key, agent: nil)) { store in
        let name = "\(ReleasePartition.sharesName)/\(Self.name)/index.html"
        func listed() throws -> Bool { try store.pageList("acme")?.digests[name] != nil }
        #expect(try listed())
        let index = Array("<p>index</p>\n".utf8)
        try store.putPages([("tenants/acme/index.html", index)], isComplete: true)
        #expect(try listed())
        #expect(try store.verify(deep: true).faults == [])
        // Somebody who cannot sign changes the page: it does not get into the list with others.
        try Data("<p>forged</p>\n".utf8).write(
          to: URL(filePath: store.path("tenants/acme/" + name)))
        try store.putPages([("tenants/acme/index.html", index + index)], isComplete: true)
        #expect(try store.verify(deep: true).faults == [Fault(.altered, "tenants/acme/" + name)])
      }
    }
  }
}
