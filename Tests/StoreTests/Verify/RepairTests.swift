import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Store

@Suite struct RepairTests {
  /// What somebody did to a file.
  enum Damage: CaseIterable { case altered, removed, cut, linked, folder }

  private static func damage(_ path: String, _ damage: Damage) throws {
    // Releases share files: only this name is damaged.
    unlink(path)
    switch damage {
    case .altered: #expect(FileManager.default.createFile(atPath: path, contents: Data([1, 2])))
    case .removed: break
    case .cut: #expect(FileManager.default.createFile(atPath: path, contents: Data()))
    case .linked: #expect(symlink("/etc/passwd", path) == 0)
    case .folder: #expect(mkdir(path, 0o755) == 0)
    }
  }

  @Test(arguments: Damage.allCases)
  func `A damaged file gets its bytes back from the workspace, and its release is as published`(
    damage: Damage
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let blobs = try BlobStore(workspace: folder + "/workspace")
      let head = try store.publish(Samples.release()).head
      for file in Samples.release().files {
        guard case .bytes(let bytes) = file.content.source else { continue }
        _ = try blobs.put(bytes, tenant: Samples.tenant.id)
      }
      let path = "\(Samples.partition.path)/releases/\(head.release)/data/tables/months.csv"
      try Self.damage(store.path(path), damage)
      #expect(try !store.verify(deep: true).isSound)
      let isRestored = try store.repair(path, in: Samples.partition) { digest, tenant in
        blobs.path(digest, tenant: tenant)
      }
      #expect(isRestored)
      #expect(try store.verify(deep: true).faults == [])
      #expect(try store.latest(Samples.partition) == head)
      #expect(Disk.mode(store.path(path)) == 0o444)
    }
  }

  @Test func `A file whose bytes are in another release comes from there`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let old = try store.publish(Samples.release()).head
      _ = try store.publish(Samples.release(rows: ["2026-01-01,9\r\n"]))
      let place = "\(Samples.partition.path)/releases/\(old.release)/data"
      try Self.damage(store.path(place + "/film.mp4"), .altered)
      try Self.damage(store.path(place + "/tables/months.csv"), .altered)
      func repair(_ name: String) throws -> Bool {
        try store.repair("\(place)/\(name)", in: Samples.partition) { _, _ in "" }
      }
      #expect(try repair("film.mp4"))
      // The other release has another table.
      #expect(try !repair("tables/months.csv"))
      #expect(try store.verify(deep: true).faults.map(\.path) == [place + "/tables/months.csv"])
    }
  }

  @Test
  func `Bytes that are not the published ones, and manifests that are damaged, repair nothing`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let head = try store.publish(Samples.release()).head
      let release = "\(Samples.partition.path)/releases/\(head.release)"
      let path = release + "/data/index.html"
      try Self.damage(store.path(path), .removed)
      let wrong = folder + "/wrong"
      #expect(FileManager.default.createFile(atPath: wrong, contents: Data([1])))
      #expect(try !store.repair(path, in: Samples.partition) { _, _ in wrong })
      #expect(FileReader.status(store.path(path)) == nil)
      let right = folder + "/right"
      guard case .bytes(let bytes) = Samples.page.content.source else { return }
      #expect(FileManager.default.createFile(atPath: right, contents: Data(bytes)))
      let manifest = store.path("\(release)/\(Bag.manifestName)")
      let text = try String(contentsOfFile: manifest, encoding: .utf8)
      unlink(manifest)
      #expect(FileManager.default.createFile(atPath: manifest, contents: Data((text + "\n").utf8)))
      #expect(try !store.repair(path, in: Samples.partition) { _, _ in right })
      // Nor what is no payload, or another partition's.
      #expect(try !store.repair(release + "/bagit.txt", in: Samples.partition) { _, _ in right })
      #expect(try !store.repair("operator/index.html", in: Samples.partition) { _, _ in right })
    }
  }

  @Test
  func `A publication that reads what is published replaces a damaged release of the same size`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try ReleaseStore(root: folder + "/store")
      var release = Samples.release()
      let head = try store.publish(release).head
      let film = store.path("\(Samples.partition.path)/releases/\(head.release)/data/film.mp4")
      unlink(film)
      let zeros = Data(count: 2_000_000)
      #expect(FileManager.default.createFile(atPath: film, contents: zeros))
      // A usual run looks at names and sizes.
      #expect(try store.publish(release) == .unchanged(head))
      release.readsPublished = true
      let next = try store.publish(release).head
      #expect(next.sequence == 2 && next.release != head.release && next.status == head.status)
      #expect(try store.isWhole(Samples.partition, next))
      #expect(try !store.isWhole(Samples.partition, head))
      #expect(try store.publish(release) == .unchanged(next))
    }
  }

  @Test(arguments: [
    ("tenants/acme/report/2026/releases/x/data/a", "acme/report/2026"),
    ("tenants/acme/report/2026", "acme/report/2026"),
    ("operator/report/2026-Q4/latest.json", "@operator/report/2026-Q4"),
    ("tenants/acme/index.html", nil), ("operator/index.html", nil), ("tenants/acme", nil),
    ("tenants", nil), ("lost+found/a/b/c", nil), ("", nil),
  ])
  func `The partition of a fault is known by its path`(path: String, partition: String?) {
    #expect(ReleaseStore.partition(of: path)?.description == partition)
  }
}
