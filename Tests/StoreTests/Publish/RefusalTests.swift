import Diagnostics
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Basics
@testable import Store

/// Publishing, pruning and more on file systems that cannot do everything. A real process meets the
/// refusals.
@Suite(.enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"))
struct RefusalTests {
  /// Runs StoreTrial below refusals; ends it after a minute, as one that never ends.
  private static func trial(
    _ words: [String], _ refused: String, below root: String, log: String? = nil
  ) throws -> (status: Int32, output: String) {
    try Program.run(
      ["/usr/bin/timeout", "-s", "KILL", "60", Places.storeTrial] + words,
      environment: Refusals.environment(refused, below: root, log: log))
  }

  private static func sound(_ root: String, _ releases: Int) throws {
    let store = try ReleaseStore(root: root)
    let found = try store.verify(deep: true)
    #expect(found.faults == [] && found.releaseCount == releases)
    #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/.staging") == [])
  }

  @Test(arguments: [EPERM, EXDEV, ENOSYS, EOPNOTSUPP, EACCES, EMLINK, EINVAL, ENOTTY])
  func `Without hard links, publishing ends, and equal files are copied`(number: Int32) throws {
    for exclusive in ["", " renamenew=\(EINVAL)", " renamenew=\(ENOSYS)"] {
      try withTemporaryFolder(inMemory: true) { folder in
        let root = folder + "/store"
        let log = folder + "/log"
        for version in ["1", "2"] {
          let outcome = try Self.trial(
            ["publish", root, version], "link=\(number)\(exclusive)", below: folder, log: log)
          #expect(outcome.status == 0, "\(number)\(exclusive): \(outcome.output)")
        }
        try Self.sound(root, 6)
        let refused = try String(contentsOfFile: log, encoding: .utf8)
        #expect(refused.contains("link "), "nothing was refused")
        #expect(exclusive.isEmpty || refused.contains("renamenew "), "\(refused)")
        let store = try ReleaseStore(root: root)
        #expect(try store.latest(Samples.partition)?.sequence == 2)
        let rolled = try Self.trial(
          ["rollback", root], "link=\(number)\(exclusive)", below: folder)
        #expect(rolled.status == 0, "\(rolled.output)")
        #expect(try store.latest(Samples.partition)?.sequence == 3)
      }
    }
  }

  @Test func `A name that is taken by our own link, whose reply was lost, is ours`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let disk = Disk()
      for name in ["one", "two"] { try disk.create("\(folder)/\(name)", [1]) }
      #expect(try disk.link("\(folder)/one", to: "\(folder)/name") == .made)
      #expect(try disk.claim("\(folder)/one", as: "\(folder)/name"))
      #expect(try !disk.claim("\(folder)/two", as: "\(folder)/name"))
      #expect(try disk.claim("\(folder)/two", as: "\(folder)/other"))
    }
  }

  @Test(arguments: [EIO, ENOSPC, EROFS, EDQUOT])
  func `A fault of the disk is no reason to copy`(number: Int32) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      #expect(try Program.run([Places.storeTrial, "publish", root, "1"]).status == 0)
      let outcome = try Self.trial(["publish", root, "2"], "link=\(number)", below: folder)
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.output.contains(String(cString: strerror(number))), "\(outcome.output)")
      try Self.sound(root, 3)
    }
  }

  @Test func `Publishers without links and exclusive names never replace one another's heads`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      let environment = try Refusals.environment("link=1 renamenew=22", below: folder)
      let publishers = try (1...6).map { version in
        try RunningProgram(
          [
            "/usr/bin/timeout", "-s", "KILL", "60", Places.storeTrial, "publish", root,
            "\(version)",
          ],
          environment: environment)
      }
      for publisher in publishers {
        let outcome = try publisher.wait()
        #expect(outcome.status == 0, "\(outcome.output)")
      }
      let store = try ReleaseStore(root: root)
      let found = try store.verify(deep: true)
      #expect(found.faults == [])
      for partition in try store.partitions(tenant: "acme") {
        #expect(try store.heads(partition).map(\.sequence) == Array(1...6))
        #expect(try store.latest(partition)?.sequence == 6)
      }
    }
  }

  @Test(arguments: [ENOLCK, EOPNOTSUPP, ENOSYS, EINVAL])
  func `A file system without locks is an error at once, and no folder is left`(
    number: Int32
  ) throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      let outcome = try Self.trial(["publish", root, "1"], "flock=\(number)", below: folder)
      #expect(outcome.status == 1, "\(outcome.output)")
      #expect(outcome.output.contains("cannot lock "), "\(outcome.output)")
      let left = try FileManager.default.contentsOfDirectory(atPath: root + "/.staging")
      #expect(left == [])
      #expect(try Program.run([Places.storeTrial, "publish", root, "1"]).status == 0)
      try Self.sound(root, 3)
    }
  }

  @Test func `A kernel without syncfs waits for all disks, and a disk that fails is a failure`()
    throws
  {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      for number in [ENOSYS, EINVAL, EOPNOTSUPP] {
        let outcome = try Self.trial(
          ["publish", root, "\(number)"], "syncfs=\(number)", below: folder)
        #expect(outcome.status == 0, "\(outcome.output)")
      }
      let outcome = try Self.trial(["publish", root, "4"], "syncfs=\(EIO)", below: folder)
      #expect(outcome.status == 1 && outcome.output.contains("Input/output error"))
    }
  }

  @Test func `Permissions that cannot be set are a fault only where they keep others out`() throws {
    try withTemporaryFolder(inMemory: true) { folder in
      let root = folder + "/store"
      // A public store's files are then as the mount makes them.
      let outcome = try Self.trial(
        ["publish", root, "1"], "fchmod=\(EPERM)", below: folder)
      #expect(outcome.status == 0, "\(outcome.output)")
      try Self.sound(root, 3)
    }
  }

  private static let publish: [[String]] = [["1"], ["2"]]

  /// A store with two versions, in a folder that cannot be moved: on overlayfs a lower layer's.
  private static func withOldFolders(_ body: (String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let root = folder + "/store"
      for version in publish {
        let outcome = try Program.run([Places.storeTrial, "publish", root] + version)
        #expect(outcome.status == 0, "\(outcome.output)")
      }
      try body(root)
    }
  }

  @Test(arguments: ["prune", "purge", "rename"])
  func `Folders that cannot be moved are removed in place, or copied`(command: String) throws {
    try Self.withOldFolders { root in
      let log = root + ".log"
      let outcome = try Self.trial([command, root], "movefolder=\(EXDEV)", below: root, log: log)
      #expect(outcome.status == 0, "\(outcome.output)")
      let refused = FileManager.default.contents(atPath: log)
      #expect(refused?.isEmpty == false, "no folder was to be moved")
      let store = try ReleaseStore(root: root)
      #expect(try store.verify(deep: true).faults == [])
      switch command {
      case "prune":
        for partition in try store.partitions(tenant: "acme") {
          #expect(try store.releases(partition).count == 1)
        }
      case "purge": #expect(try store.tenants() == ["zeta"])
      default:
        #expect(try store.tenants() == ["ajax", "zeta"])
        #expect(try store.tenant(slug: "ajax")?.id == Samples.tenant.id)
      }
    }
  }

  @Test(arguments: ["prune", "purge", "rename"])
  func `Whoever is killed where folders cannot be moved finishes the next time`(
    command: String
  ) throws {
    let faults = try TemporaryFolder()
    let library = faults.path + "/faults.so"
    let built = try Program.run([
      Places.program("cc") ?? "cc", "-shared", "-fPIC", "-O1", "-o", library,
      Places.project + "/Tests/Fixtures/faults.c",
    ])
    #expect(built.status == 0, "\(built.output)")
    var nth = 2
    var hits = 0
    while true {
      let log = faults.path + "/hit"
      unlink(log)
      try Self.withOldFolders { root in
        var environment = try Refusals.environment("movefolder=\(EXDEV)", below: root)
        environment[0] += ":\(library)"
        environment += [
          "FAULT_KIND=KILL", "FAULT_EVER=0", "FAULT_ROOT=\(root)", "FAULT_NTH=\(nth)",
          "FAULT_LOG=\(log)",
        ]
        let killed = try Program.run([Places.storeTrial, command, root], environment: environment)
        guard FileManager.default.fileExists(atPath: log) else { return }
        hits += 1
        let what: Comment = "call \(nth): \(killed.output)"
        #expect(killed.status == 128 + SIGKILL, what)
        let again = try Self.trial([command, root], "movefolder=\(EXDEV)", below: root)
        #expect(again.status == 0, "\(what) \(again.output)")
        let store = try ReleaseStore(root: root)
        _ = try Program.run([Places.storeTrial, "prune", root])
        #expect(try store.verify(deep: true).faults == [], what)
        #expect(
          try store.tenants()
            == (command == "purge" ? ["zeta"] : [command == "prune" ? "acme" : "ajax", "zeta"]),
          what)
      }
      guard FileManager.default.fileExists(atPath: log) else { break }
      nth += getenv("YEARBOOK_SOAK") == nil ? 23 : 1
    }
    #expect(hits >= 2)
  }

  /// Whether this process can mount an overlay.
  private static let canOverlay: Bool = {
    do {
      return try withTemporaryFolder { folder in
        guard try overlay(folder) else { return false }
        return umount2(folder + "/merged", Int32(MNT_DETACH)) == 0
      }
    } catch {
      return false
    }
  }()

  private static func overlay(_ folder: String) throws -> Bool {
    for name in ["lower", "upper", "work", "merged"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
    }
    let options =
      "lowerdir=\(folder)/lower,upperdir=\(folder)/upper,workdir=\(folder)/work,redirect_dir=off"
    return try Program.run([
      "/bin/mount", "-t", "overlay", "-o", options, "none", folder + "/merged",
    ]).status == 0
  }

  @Test(.enabled(if: canOverlay, "an overlay can only be mounted by root"))
  func `On an image's lower layer, all commands go through`() throws {
    for command in ["publish", "rollback", "withdraw", "prune", "rename", "purge"] {
      try withTemporaryFolder { folder in
        for version in Self.publish {
          try FileManager.default.createDirectory(
            atPath: folder + "/lower", withIntermediateDirectories: true)
          let outcome = try Program.run(
            [Places.storeTrial, "publish", folder + "/lower/store"] + version)
          #expect(outcome.status == 0, "\(outcome.output)")
        }
        _ = try BlobStore(workspace: folder + "/lower/workspace").put([1, 2, 3], tenant: "t")
        guard try Self.overlay(folder) else { throw Diagnostic(.io, "cannot mount") }
        defer { umount2(folder + "/merged", Int32(MNT_DETACH)) }
        let root = folder + "/merged/store"
        let arguments = command == "publish" ? ["3"] : []
        let outcome = try Program.run([Places.storeTrial, command, root] + arguments)
        #expect(outcome.status == 0, "\(command): \(outcome.output)")
        let store = try ReleaseStore(root: root)
        #expect(try store.verify(deep: true).faults == [], "\(command)")
        let blobs = try BlobStore(workspace: folder + "/merged/workspace")
        #expect(try blobs.tenants() == ["t"])
        try blobs.removeAll(tenant: "t")
        #expect(try blobs.tenants() == [])
      }
    }
  }
}
