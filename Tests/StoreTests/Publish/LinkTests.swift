import Diagnostics
import FoundationEssentials
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Somebody replaces a folder or a file below the store with a symbolic link to the same thing
/// elsewhere.
@Suite struct LinkTests {
  private static func release(_ text: String) -> PendingRelease {
    var release = Samples.release(rows: ["\(text)\r\n"])
    release.files.removeLast()
    return release
  }

  private static func makeStore(_ folder: String) throws -> ReleaseStore {
    let store = try ReleaseStore(root: folder + "/store")
    for text in ["1", "2"] { _ = try store.publish(release(text)) }
    try store.putPages([
      ("tenants/acme/report/2026/index.html", [1]), ("tenants/acme/index.html", [1]),
      ("operator/index.html", [1]),
    ])
    return store
  }

  /// Names, kinds, contents and times of change.
  private static func state(_ path: String) throws -> [String: String] {
    var state: [String: String] = [:]
    for name in [""] + (try FileManager.default.subpathsOfDirectory(atPath: path)) {
      var status = stat()
      #expect(lstat("\(path)/\(name)", &status) == 0 || lstat(path, &status) == 0)
      state[name] =
        "\(status.st_mode) \(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
        + " \(status.st_nlink)"
    }
    return state
  }

  /// What is done to the store, and the folders and files on its way.
  enum Work: String, CaseIterable {
    case publish, unchanged, prune, rollback, pages

    func isOnTheWay(_ path: String) -> Bool {
      let isOperator = path.hasPrefix("operator")
      let isPage = path.hasSuffix("index.html")
      switch self {
      case .publish, .prune, .rollback: return !isOperator && path != "tenants/acme/index.html"
      case .unchanged:
        return !isOperator && !isPage && !path.contains("/heads/") && path != ".staging"
          && !path.contains("/releases/")
      case .pages:
        return isPage && !path.contains("/releases/")
          || ["operator", "tenants", ".staging", "tenants/acme"].contains(path)
          || ["tenants/acme/report", "tenants/acme/report/2026"].contains(path)
      }
    }
  }

  /// - Parameter root: The store's.
  private func work(_ work: Work, _ root: String) throws {
    let store = try ReleaseStore(root: root)
    switch work {
    case .publish: _ = try store.publish(Self.release("3"))
    case .unchanged: _ = try store.publish(Self.release("2"))
    case .prune:
      let rule = PruneRule(last: 1, grace: 0)
      let pruned = store.prune([Samples.partition], by: rule, now: Int(time(nil)) + 100)
      _ = try #require(pruned.first).get()
    case .rollback:
      let first = try store.heads(Samples.partition).first { $0.sequence == 1 }
      _ = try store.rollBack(
        Samples.partition, to: first?.release ?? "", run: "r", now: Samples.now)
    case .pages:
      try store.putPages([
        ("tenants/acme/report/2026/index.html", [2]), ("tenants/acme/index.html", [2]),
        ("operator/index.html", [2]),
      ])
    }
  }

  @Test(arguments: Work.allCases)
  func `Nothing is written through a link, whatever it replaces`(work: Work) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let whole = try Self.makeStore(folder).root
      #expect(try Program.run(["/bin/mv", whole, folder + "/whole"]).status == 0)
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder + "/whole").sorted()
      var refused = 0
      for path in paths where work.isOnTheWay(path) {
        let root = folder + "/store"
        #expect(
          try Program.run([
            "/bin/sh", "-c", "rm -rf \(root) \(folder)/out; cp -a \(folder)/whole \(root)",
          ])
          .status == 0)
        #expect(rename("\(root)/\(path)", folder + "/out") == 0)
        #expect(symlink(folder + "/out", "\(root)/\(path)") == 0)
        let before = try Self.state(folder + "/out")
        // A lock file is opened, and nothing is written to it.
        let isLock = path.hasPrefix(".locks/")
        do {
          try self.work(work, root)
          #expect(isLock, "\(work) with \(path) as a link")
        } catch let error as Diagnostic {
          refused += 1
          #expect(error.code == .io, "\(path): \(error)")
          #expect("\(error)".contains("symbolic link"), "\(path): \(error)")
        }
        #expect(try Self.state(folder + "/out") == before, "\(work) wrote through \(path)")
      }
      print("\(work): \(refused) links refused")
      #expect(refused > (work == .unchanged || work == .pages ? 5 : 20))
    }
  }

  @Test func `What was published before is not taken for unchanged behind a link`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let store = try Self.makeStore(folder)
      let newest = try #require(try store.latest(Samples.partition)).release
      let release = store.path("\(Samples.partition.path)/releases/\(newest)")
      for path in ["", "/data", "/data/tables", "/data/index.html", "/bag-info.txt"] {
        #expect(rename(release + path, folder + "/out") == 0)
        #expect(symlink(folder + "/out", release + path) == 0)
        let error = #expect(throws: Diagnostic.self) { try store.publish(Self.release("2")) }
        #expect("\(try #require(error))".contains("symbolic link"), "\(path)")
        unlink(release + path)
        #expect(rename(folder + "/out", release + path) == 0)
      }
      #expect(try store.publish(Self.release("2")).head.sequence == 2)
    }
  }

  @Test func `A folder that becomes a link while it is written to is not followed`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      _ = try Self.makeStore(folder)
      let releases = "\(root)/\(Samples.partition.path)/releases"
      let outside = folder + "/outside"
      // At the last moment before each change of this kind, after all looks.
      for last in [Disk.Operation.rename, .link, .makeFolder, .create] {
        let isDone = Atomic<Bool>(false)
        let disk = Disk { operation, path throws(Diagnostic) in
          guard operation == last, path.hasPrefix(releases) || last != .rename,
            !isDone.load(ordering: .relaxed), access(releases, F_OK) == 0
          else { return }
          isDone.store(true, ordering: .relaxed)
          rename(releases, outside)
          symlink(outside, releases)
        }
        let store = try ReleaseStore(root: root, disk: disk)
        var before: [String: String] = [:]
        do {
          _ = try store.publish(Self.release("\(last) 1"))
        } catch let error as Diagnostic {
          #expect("\(error)".contains("symbolic link"), "\(error)")
        }
        let wasLinked = isDone.load(ordering: .relaxed)
        #expect(wasLinked, "\(last)")
        before = try Self.state(outside)
        #expect(before.keys.count { !$0.contains("/") } == 3, "\(last): \(before.keys.sorted())")
        unlink(releases)
        #expect(rename(outside, releases) == 0)
      }
    }
  }

  @Test func `The pointer follows its head to the disk`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let steps = Mutex<[String]>([])
      let disk = Disk { operation, path throws(Diagnostic) in
        if operation == .sync { steps.withLock { $0.append("sync") } }
        if path.hasSuffix("/heads/1.json") { steps.withLock { $0.append("head") } }
        if path.hasSuffix("/latest.json") { steps.withLock { $0.append("pointer") } }
      }
      let store = try ReleaseStore(root: folder + "/store", disk: disk)
      var other = Self.release("1")
      other.period = "2025"
      _ = try store.publish([Self.release("1"), other]).map { try $0.get() }
      #expect(
        steps.withLock { $0 } == [
          "sync", "sync", "head", "head", "sync", "pointer", "pointer", "sync",
        ])
    }
  }
}
