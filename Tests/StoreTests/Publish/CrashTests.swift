import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Store

/// A real process changes a store, and the Nth of its system calls fails, or kills it. Then a reader looks, and
/// the same is done again.
@Suite struct CrashTests {
  enum Trouble: String, CaseIterable {
    case kill = "KILL 0"
    case errorOnce = "EIO 0"
    case errorForEver = "EIO 1"
    case fullOnce = "ENOSPC 0"
    case fullForEver = "ENOSPC 1"

    var environment: [String] {
      let words = rawValue.split(separator: " ")
      return ["FAULT_KIND=\(words[0])", "FAULT_EVER=\(words[1])"]
    }
  }

  enum Change: String, CaseIterable {
    case publish, prune, rollback, withdraw, purge, rename
  }

  private static let compiler = Places.program("cc") ?? Places.program("clang")
  private static let keygen = Places.program("ssh-keygen")
  /// Every call, instead of some.
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  /// Two versions published and signed, so that there is something to prune and to go back to.
  private struct Scene {
    let root: String
    let key: String
    let faults: String
    let signers: AllowedSigners

    init(_ folder: String) throws {
      root = folder + "/store"
      key = folder + "/key"
      faults = folder + "/faults.so"
      let compiler = try #require(CrashTests.compiler)
      let keygen = try #require(CrashTests.keygen)
      let source = Places.project + "/Tests/Fixtures/faults.c"
      let built = try Program.run([compiler, "-shared", "-fPIC", "-O1", "-o", faults, source])
      #expect(built.status == 0, "\(built.output)")
      #expect(
        try Program.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", key]).status == 0)
      let publicKey = try String(contentsOfFile: key + ".pub", encoding: .utf8)
      try Data("yearbook namespaces=\"yearbook\" \(publicKey)".utf8)
        .write(to: URL(filePath: folder + "/signers"))
      signers = try AllowedSigners(file: folder + "/signers")
    }

    func prepare() throws {
      let status = try Program.run(["/bin/rm", "-rf", root]).status
      #expect(status == 0)
      for version in ["1", "2"] {
        let outcome = try run(.publish, version: version)
        #expect(outcome.status == 0, "\(outcome.output)")
      }
    }

    func run(
      _ change: Change, version: String = "3", environment: [String] = []
    ) throws -> (status: Int32, output: String) {
      let arguments =
        switch change {
        case .publish: [root, version, key]
        case .prune, .rollback, .withdraw: [root, key]
        case .purge, .rename: [root]
        }
      return try Program.run(
        [Places.storeTrial, change.rawValue] + arguments, environment: environment)
    }

    /// What a reader is led to, by partition: the version that all its files say.
    func versions() throws -> [String: String] {
      let store = try ReleaseStore(root: root)
      var versions: [String: String] = [:]
      for slug in try FileManager.default.contentsOfDirectory(atPath: root + "/tenants") {
        for partition in try store.partitions(tenant: slug) {
          guard let head = try store.shown(partition) else { continue }
          let data = store.path("\(partition.path)/releases/\(head.release)/data/")
          let texts = try ["index.html", "tables/months.csv"].map { name in
            try #require(FileManager.default.contents(atPath: data + name), "\(name) is missing")
          }
          #expect(texts[0] == texts[1], "a mixture")
          #expect(FileManager.default.contents(atPath: data + "same.txt") == Data("same\n".utf8))
          versions[partition.description] = String(decoding: texts[0].dropLast(), as: UTF8.self)
        }
      }
      return versions
    }
  }

  private static let partitions = ["acme/report/2026", "acme/report/2026-11", "zeta/report/2026"]

  /// Whether readers may see this while or after a change was broken.
  private static func isRight(_ change: Change, _ versions: [String: String]) -> Bool {
    func all(_ allowed: Set<String>, _ names: [String] = partitions) -> Bool {
      Set(versions.keys) == Set(names) && versions.values.allSatisfy(allowed.contains)
    }
    switch change {
    case .publish: return all(["version 2", "version 3"])
    case .prune: return all(["version 2"])
    case .rollback:
      var rest = versions
      let first = rest.removeValue(forKey: "acme/report/2026")
      return all(["version 1", "version 2"]) && first != nil
        && rest.values.allSatisfy { $0 == "version 2" }
    case .withdraw: return all(["version 2"]) || all(["version 2"], Array(partitions.dropFirst()))
    case .purge: return all(["version 2"]) || all(["version 2"], ["zeta/report/2026"])
    case .rename:
      return all(["version 2"])
        || all(["version 2"], partitions.map { $0.replacing("acme", with: "ajax") })
    }
  }

  @Test(
    .enabled(if: compiler != nil && keygen != nil, "a C compiler or ssh-keygen is not installed"),
    arguments: Change.allCases)
  func `Whatever breaks, a reader sees the old or the new, and the next time goes through`(
    change: Change
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let scene = try Scene(folder)
      var hits = 0
      var kinds: Set<String> = []
      for (offset, trouble) in Trouble.allCases.enumerated() {
        var nth = Self.isFull ? 1 : 1 + offset
        while true {
          try scene.prepare()
          let log = folder + "/hit"
          unlink(log)
          let outcome = try scene.run(
            change,
            environment: trouble.environment + [
              "LD_PRELOAD=\(scene.faults)", "FAULT_ROOT=\(scene.root)", "FAULT_NTH=\(nth)",
              "FAULT_LOG=\(log)",
            ])
          guard let hit = FileManager.default.contents(atPath: log) else { break }
          let name = String(decoding: hit, as: UTF8.self)
          hits += 1
          kinds.insert(name)
          let what: Comment = "\(trouble) at call \(nth), \(name): \(outcome.output)"
          if trouble == .kill { #expect(outcome.status == 128 + SIGKILL, what) }
          try look(scene, change, isKilled: trouble == .kill, what)
          try again(scene, change, what)
          nth += Self.isFull ? 1 : change == .rename ? 5 : 17
        }
      }
      #expect(hits > (Self.isFull ? 25 : 4))
      #expect(kinds.isSuperset(of: Self.isFull ? ["open", "rename", "mkdir"] : ["open"]))
      print("\(change): \(hits) broken calls (\(kinds.sorted().joined(separator: ", ")))")
    }
  }

  /// What a reader, and `verify`, see after the breakage.
  private func look(_ scene: Scene, _ change: Change, isKilled: Bool, _ what: Comment) throws {
    let versions = try scene.versions()
    #expect(Self.isRight(change, versions), "\(what) \(versions)")
    let found = try ReleaseStore(root: scene.root).verify(
      VerifyOptions(isDeep: true, signers: scene.signers))
    // Whoever died before the pointer looks like someone who put back an older one; and whoever died between the
    // two steps of giving a folder another name left the old one in tenant.json.
    let serious = found.faults.filter { fault in
      !fault.isHarmless && !(fault.kind == .rolledBack && change != .prune)
        && !(fault.kind == .wrongTenant && change == .rename)
    }
    #expect(serious == [], what)
  }

  /// The same once more without trouble: all is done, and nothing is left behind.
  private func again(_ scene: Scene, _ change: Change, _ what: Comment) throws {
    let outcome = try scene.run(change)
    #expect(outcome.status == 0, "\(what) again: \(outcome.output)")
    let versions = try scene.versions()
    switch change {
    case .publish: #expect(versions.values.allSatisfy { $0 == "version 3" }, what)
    case .prune: #expect(versions.values.allSatisfy { $0 == "version 2" }, what)
    case .rollback: #expect(versions["acme/report/2026"] == "version 1", what)
    case .withdraw:
      #expect(versions.keys.sorted() == Self.partitions.dropFirst().sorted(), what)
    case .purge: #expect(versions.keys.sorted() == ["zeta/report/2026"], what)
    case .rename: #expect(versions.keys.contains("ajax/report/2026"), what)
    }
    #expect(try scene.run(.prune).status == 0)
    let store = try ReleaseStore(root: scene.root)
    let options = VerifyOptions(isDeep: true, signers: scene.signers)
    #expect(try store.verify(options).faults == [], what)
    if change == .prune {
      for partition in try store.partitions(tenant: "acme") {
        #expect(try store.releases(partition).count == 1, what)
      }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: scene.root + "/.staging")
    #expect(left == [], what)
  }
}
