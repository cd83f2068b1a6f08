import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Store

@Suite struct VerifyTests {
  /// A store with two releases of one partition, the second restating a single table.
  private static func makeStore(_ folder: String) throws -> (store: ReleaseStore, newest: String) {
    let store = try ReleaseStore(root: folder + "/store")
    _ = try store.publish(Samples.release())
    let head = try store.publish(Samples.release(rows: ["2026-01-01,4\r\n"])).head
    try store.putPage("tenants/acme/report/2026/index.html", [1])
    try store.putPage("tenants/acme/index.html", [1])
    return (store, Samples.partition.path + "/releases/" + head.release)
  }

  private static func files(_ store: ReleaseStore, below folder: String) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: store.path(folder)).sorted()
      .map { folder + "/" + $0 }
      .filter { path in
        var status = stat()
        return lstat(store.path(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      }
  }

  @Test func `An untouched store is sound`() throws {
    try withTemporaryFolder { folder in
      let (store, _) = try Self.makeStore(folder)
      for deep in [false, true] {
        let found = try store.verify(deep: deep)
        #expect(found.faults == [])
        #expect(found.isSound)
        #expect(found.releaseCount == 2)
        #expect(found.fileCount == 10)
        #expect(found.byteCount > 4_000_000)
      }
      #expect(try store.verify(tenant: "acme") == store.verify())
      #expect(try store.verify(tenant: "other").releaseCount == 0)
    }
  }

  @Test func `Each deleted file of a release is reported`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      for path in try Self.files(store, below: release) {
        let aside = folder + "/aside"
        #expect(rename(store.path(path), aside) == 0)
        let faults = try store.verify().faults
        #expect(faults.contains(Fault(.missing, path)), "\(path): \(faults)")
        #expect(rename(aside, store.path(path)) == 0)
      }
      #expect(try store.verify(deep: true).faults == [])
    }
  }

  @Test func `Each changed byte of a small release is noticed`() throws {
    try withTemporaryFolder { folder in
      let store = try ReleaseStore(root: folder + "/store")
      var pending = Samples.release()
      pending.files.removeLast()
      let head = try store.publish(pending).head
      let release = Samples.partition.path + "/releases/" + head.release
      let small = try Self.files(store, below: Samples.partition.path)
      #expect(small.count == 11)
      for path in small {
        let file = store.path(path)
        let good = try #require(FileManager.default.contents(atPath: file))
        chmod(file, 0o644)
        for index in good.indices {
          var bad = good
          bad[index] ^= 0x20
          #expect(FileManager.default.createFile(atPath: file, contents: bad))
          let found = try store.verify(deep: true)
          let named = found.faults.contains { $0.path == path }
          #expect(!found.isSound && named, "byte \(index) of \(path): \(found.faults)")
        }
        #expect(FileManager.default.createFile(atPath: file, contents: good))
      }
      #expect(try store.verify(deep: true).faults == [])
      withExtendedLifetime(release) {}
    }
  }

  @Test func `A payload's changed byte is found by reading, a changed size by looking`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      let path = release + "/data/tables/months.csv"
      chmod(store.path(path), 0o644)
      let same = Data("month,total\r\n2026-01-01,9\r\n".utf8)
      #expect(FileManager.default.createFile(atPath: store.path(path), contents: same))
      #expect(try store.verify().faults == [])
      #expect(try store.verify(deep: true).faults == [Fault(.altered, path)])
      #expect(FileManager.default.createFile(atPath: store.path(path), contents: same + [10]))
      #expect(try store.verify().faults == [Fault(.altered, path)])
    }
  }

  @Test func `A film shared by two releases is found altered in both`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      let file = store.path(release + "/data/film.mp4")
      chmod(file, 0o644)
      let descriptor = open(file, O_WRONLY)
      #expect(pwrite(descriptor, "x", 1, 1_000_000) == 1)
      close(descriptor)
      let releases = try store.releases(Samples.partition)
      let paths = releases.map { "\(Samples.partition.path)/releases/\($0)/data/film.mp4" }
      #expect(try store.verify(deep: true).faults == paths.map { Fault(.altered, $0) })
    }
  }

  @Test func `Added files are found`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      let added = [
        "tenants/acme/.hidden", "tenants/acme/Report", "tenants/acme/report/2026/heads/x.json",
        "tenants/acme/report/2026/other", "tenants/acme/report/2026/releases/note.txt",
        release + "/data/.hidden", release + "/data/index.html~", release + "/data/tables/x",
        release + "/extra.txt",
      ]
      for path in added {
        #expect(FileManager.default.createFile(atPath: store.path(path), contents: Data([1])))
      }
      let faults = try store.verify().faults
      #expect(Set(faults) == Set(added.map { Fault(.extra, $0) }))
    }
  }

  @Test func `A file replaced by a link to the same bytes is found`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      for path in try Self.files(store, below: "tenants") where !path.hasSuffix("index.html") {
        let aside = folder + "/aside"
        #expect(rename(store.path(path), aside) == 0)
        #expect(symlink(aside, store.path(path)) == 0)
        let faults = try store.verify().faults
        #expect(faults.contains(Fault(.symlink, path)), "\(path): \(faults)")
        #expect(rename(aside, store.path(path)) == 0)
      }
      #expect(rename(store.path(release + "/data"), folder + "/data") == 0)
      #expect(symlink(folder + "/data", store.path(release + "/data")) == 0)
      #expect(try store.verify().faults == [Fault(.symlink, release + "/data")])
    }
  }

  @Test func `An older head put back, a lost head and a lost release are told apart`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      let place = Samples.partition.path
      let latest = place + "/latest.json"
      let good = try #require(FileManager.default.contents(atPath: store.path(latest)))
      let old = try #require(
        FileManager.default.contents(atPath: store.path(place + "/heads/1.json")))
      func put(_ bytes: Data) {
        unlink(store.path(latest))
        #expect(FileManager.default.createFile(atPath: store.path(latest), contents: bytes))
      }
      put(old)
      #expect(try store.verify().faults == [Fault(.rolledBack, latest)])
      put(Data("{}".utf8))
      #expect(try store.verify().faults == [Fault(.badHead, latest)])
      put(good)
      #expect(rename(store.path(place + "/heads/1.json"), folder + "/head") == 0)
      let first = try #require(
        try store.releases(Samples.partition).first { !release.hasSuffix($0) })
      #expect(
        try store.verify().faults == [
          Fault(.missing, place + "/heads/1.json"),
          Fault(.unreferenced, "\(place)/releases/\(first)"),
        ])
      #expect(rename(folder + "/head", store.path(place + "/heads/1.json")) == 0)
      #expect(rename(store.path(release), folder + "/release") == 0)
      #expect(try store.verify().faults == [Fault(.missing, release)])
    }
  }

  @Test func `A damaged release is replaced by the next publication of the same payload`() throws {
    try withTemporaryFolder { folder in
      let (store, first) = try Self.makeStore(folder)
      var release = first
      for (turn, name) in ["data/index.html", "datapackage.json", "manifest-sha256.txt"]
        .enumerated()
      {
        unlink(store.path(release + "/" + name))
        let outcome = try store.publish(Samples.release(rows: ["2026-01-01,4\r\n"]))
        guard case .published(let head) = outcome else {
          Issue.record("\(name): \(outcome)")
          return
        }
        #expect(head.sequence == 3 + turn)
        let details = try store.details(Samples.partition, release: head.release)
        #expect(details.files.count == 5)
        release = Samples.partition.path + "/releases/" + head.release
      }
    }
  }

  @Test func `What a file system or a copied bucket has in the store's root is no fault`() throws {
    try withTemporaryFolder { folder in
      let (store, _) = try Self.makeStore(folder)
      mkdir(store.path("lost+found"), 0o700)
      let mark = store.path(BucketMirror.markName)
      #expect(
        FileManager.default.createFile(atPath: mark, contents: Data(BucketMirror.mark)))
      #expect(try store.verify().faults == [])
      #expect(FileManager.default.createFile(atPath: mark, contents: Data([1])))
      let found = store.path("lost+found/evil")
      #expect(FileManager.default.createFile(atPath: found, contents: Data([1])))
      #expect(
        try store.verify().faults == [
          Fault(.extra, BucketMirror.markName), Fault(.extra, "lost+found"),
        ])
    }
  }

  @Test func `Verifying does not wait for the writer of a pipe`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      let place = Samples.partition.path
      for path in [
        "tenants/acme/tenant.json", place + "/latest.json", place + "/heads/1.json",
        release + "/manifest-sha256.txt", release + "/data/index.html", "tenants/acme/index.html",
      ] {
        let aside = folder + "/aside"
        #expect(rename(store.path(path), aside) == 0)
        #expect(mkfifo(store.path(path), 0o644) == 0)
        let faults = try store.verify(deep: true).faults
        #expect(faults.contains { $0.path == path }, "\(path): \(faults)")
        if path.hasSuffix("latest.json") {
          #expect(throws: Diagnostic.self) { try store.publish(Samples.release()) }
        }
        unlink(store.path(path))
        #expect(rename(aside, store.path(path)) == 0)
      }
    }
  }

  @Test func `A name whose bytes are no text is found too`() throws {
    try withTemporaryFolder { folder in
      let (store, release) = try Self.makeStore(folder)
      for place in ["", "/tenants", "/tenants/acme", "/" + release, "/\(release)/data"] {
        let name = Array((store.root + place + "/evil-").utf8CString.dropLast()) + [-1, 0]
        let file = open(name, O_CREAT | O_WRONLY, 0o644)
        #expect(file >= 0)
        close(file)
        let faults = try store.verify().faults
        #expect(
          faults == [Fault(.extra, (place + "/evil-\u{FFFD}").trimmingPrefix("/").description)],
          "\(place)")
        unlink(name)
      }
    }
  }
}
