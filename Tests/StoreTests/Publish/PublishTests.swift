import Basics
import Diagnostics
import FoundationEssentials
import Glibc
import Store
import TestSupport
import Testing

@Suite struct PublishTests {
  @Test func `A release lies where a reader looks for it`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let outcome = try store.publish(Samples.release())
      let head = try #require(try store.latest(Samples.partition))
      #expect(outcome == .published(head))
      #expect(head.sequence == 1)
      #expect(head.status == .provisional)
      #expect(head.asOf == "2026-11-20")
      #expect(head.created == "2026-11-21T03:15:00Z")
      #expect(head.release.hasPrefix("20261121t031500z-"))
      #expect(try store.tenants() == ["acme"])
      #expect(try store.tenant(slug: "acme") == Samples.tenant)
      #expect(try store.partitions(tenant: "acme") == [Samples.partition])
      #expect(try store.releases(Samples.partition) == [head.release])
      #expect(try store.heads(Samples.partition) == [head])
      let details = try store.details(Samples.partition, release: head.release)
      #expect(details.title == "Ano em revista “2026”")
      #expect(
        details.files.map(\.name) == [
          "film.mp4", "index.html", "report.json", "tables/months.csv", "tables/months.excel.csv",
        ])
      #expect(details.files[3].rows == 1)
      let place = store.path(Samples.partition.path)
      #expect(try names(store.path(".staging")) == [])
      #expect(
        try names("\(place)/releases/\(head.release)") == [
          "bag-info.txt", "bagit.txt", "data", "datapackage.json", "manifest-sha256.txt",
          "tagmanifest-sha256.txt",
        ])
    }
  }

  @Test func `The same payload is published once, whatever its metadata`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let first = try store.publish(Samples.release())
      let again = Samples.release(
        metadata: Samples.metadata(run: "r2", created: Samples.now + 86400))
      #expect(try store.publish(again) == .unchanged(first.head))
      #expect(try store.releases(Samples.partition).count == 1)
      #expect(try store.heads(Samples.partition) == [first.head])
    }
  }

  @Test func `A period becomes final by a head alone, and restated by a change`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let first = try store.publish(Samples.release())
      let final = Samples.metadata(.final, run: "r2")
      let second = try store.publish(Samples.release(metadata: final))
      guard case .statusChanged(let head) = second else {
        Issue.record("\(second)")
        return
      }
      #expect(head.release == first.head.release)
      #expect(head.sequence == 2)
      #expect(head.status == .final)
      #expect(try store.latest(Samples.partition) == head)
      #expect(try store.publish(Samples.release(metadata: final)) == .unchanged(head))
      #expect(try store.publish(Samples.release()) == .unchanged(head))

      let changed = try store.publish(
        Samples.release(rows: ["2026-01-01,4\r\n"], metadata: final))
      #expect(changed.head.status == .restated)
      #expect(changed.head.sequence == 3)
      #expect(try store.releases(Samples.partition).count == 2)
    }
  }

  @Test func `Equal files are links to the release before, the workspace's are copies`() throws {
    try withTemporaryFolder { folder in
      let blobs = try BlobStore(workspace: folder + "/workspace")
      let content = [UInt8](repeating: 9, count: 1_500_000)
      let blob = try blobs.put(content, tenant: Samples.tenant.id)
      let path = blobs.path(blob.digest, tenant: Samples.tenant.id)
      var release = Samples.release()
      release.files.append(
        ReleaseFile(
          name: "extra.bin", mediaType: "application/octet-stream",
          content: ReleaseContent(
            digest: blob.digest, byteCount: blob.byteCount, source: .file(path))))
      let store = try ReleaseStore(root: folder + "/store")
      let first = try store.publish(release).head
      release.files[2] = Samples.table(["2026-01-01,5\r\n"])
      let second = try store.publish(release).head

      let place = store.path(Samples.partition.path) + "/releases/"
      func inode(_ path: String) throws -> UInt {
        var status = stat()
        guard stat(path, &status) == 0 else { throw POSIXFailure(errno) }
        #expect(status.st_mode & 0o777 == (path.hasPrefix(place) ? 0o444 : 0o600))
        return status.st_ino
      }
      for name in ["film.mp4", "index.html", "extra.bin", "tables/months.excel.csv"] {
        #expect(
          try inode("\(place)\(first.release)/data/\(name)")
            == inode("\(place)\(second.release)/data/\(name)"))
      }
      #expect(
        try inode("\(place)\(first.release)/data/tables/months.csv")
          != inode("\(place)\(second.release)/data/tables/months.csv"))
      #expect(try inode(path) != inode("\(place)\(first.release)/data/extra.bin"))
    }
  }

  @Test func `Another tenant cannot take a slug`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let first = try store.publish(Samples.release())
      var other = Samples.tenant
      other.id = "0a1b2c3d-0000-4000-8000-000000000002"
      let results = store.publish([
        Samples.release(rows: [], tenant: other), Samples.release(period: "2025"),
      ])
      #expect(
        results[0]
          == .failure(
            Diagnostic(
              .configuration, "the store's folder tenants/acme belongs to another tenant",
              at: .init(pipeline: "report", tenant: "acme", period: "2026"),
              hint: "give the tenant another slug, or purge the tenant that had this one")))
      #expect(try results[1].get().head.sequence == 1)
      #expect(try store.latest(Samples.partition) == first.head)

      var renamed = Samples.tenant
      renamed.name = "Acme"
      #expect(try store.publish(Samples.release(tenant: renamed)) == .unchanged(first.head))
      #expect(try store.tenant(slug: "acme") == renamed)
    }
  }

  @Test func `Names that some tool would stumble over are refused`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      for name in ["../up", "a b", "Ä", "A.csv", "", "a//b", "/a", ".hidden", "a/./b", "a\nb"] {
        var release = Samples.release()
        release.files[0] = ReleaseFile(name: name, bytes: [1], mediaType: "text/plain")
        let result = try #require(store.publish([release]).first)
        #expect(throws: Diagnostic.self) { try result.get() }
      }
      var release = Samples.release()
      release.files.append(ReleaseFile(name: "tables", bytes: [], mediaType: "text/plain"))
      let error = #expect(throws: Diagnostic.self) { try store.publish(release) }
      #expect(error?.message == "tables is the name of a file and of a folder")
      #expect(try store.tenants() == [])
    }
  }

  @Test func `A blob that was damaged is not published`() throws {
    try withTemporaryFolder { folder in
      let blobs = try BlobStore(workspace: folder + "/workspace")
      let blob = try blobs.put(Array("good".utf8), tenant: "t")
      let path = blobs.path(blob.digest, tenant: "t")
      #expect(FileManager.default.createFile(atPath: path, contents: Data("evil".utf8)))
      var release = Samples.release()
      release.files = [
        ReleaseFile(
          name: "a.txt", mediaType: "text/plain",
          content: ReleaseContent(
            digest: blob.digest, byteCount: 4, source: .file(path)))
      ]
      let store = try ReleaseStore(root: folder + "/store")
      let error = #expect(throws: Diagnostic.self) { try store.publish(release) }
      #expect(error?.message == "the content of \(path) does not match the digest in its name")
      #expect(try store.latest(Samples.partition) == nil)
      #expect(throws: Diagnostic.self) { try blobs.read(blob.digest, tenant: "t") }
    }
  }

  @Test func `A page with a stable address is swapped in, and left alone when it is equal`() throws
  {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      let page = "tenants/acme/report/2026-Q4/index.html"
      #expect(try store.putPage(page, [1, 2]))
      #expect(try !store.putPage(page, [1, 2]))
      #expect(try store.putPage(page, [3]))
      #expect(FileManager.default.contents(atPath: store.path(page)) == Data([3]))
      try store.putRun("20261121t0315-ab", Array("{}".utf8))
      #expect(try names(store.path("operator/runs")) == ["20261121t0315-ab.json"])
      for bad in ["index.html", "tenants/acme/latest.json", "tenants/../index.html", "/etc/passwd"]
      {
        #expect(throws: Diagnostic(.bug, "\(bad) is not a valid path for a page of the store")) {
          try store.putPage(bad, [1])
        }
      }
    }
  }

  private func names(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }
}
