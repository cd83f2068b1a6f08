import Basics
import Foundation
import Glibc
import Postgres
import Store
import TestSupport
import Testing

/// A nightly run of the sample platform, killed again and again at any moment. In the end the
/// payload equals that of an undisturbed run, byte for byte.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"), .serialized)
struct NightCrashTests {
  /// Films too, and many more kills.
  private static let isFull = getenv("YEARBOOK_SOAK") != nil

  /// One platform, on a server of its own that can be pulled from under a run.
  private final class Night {
    let folder: String
    private(set) var server: PrivateServer

    init(_ folder: String) throws {
      self.folder = folder
      server = try PrivateServer.start(in: "\(folder)/server")
      let admin = try Connection(server.conninfo())
      try admin.execute("CREATE DATABASE platform")
      try admin.execute("CREATE DATABASE yearbook")
      let made = try yearbook(
        ["sample", "--database", server.conninfo(database: "platform")]
          + (NightCrashTests.isFull ? [] : ["--no-media"]))
      #expect(made.status == 0, "\(made.output)")
      for (database, part) in [("platform", "source"), ("yearbook", "record")] {
        let connection = try Connection(server.conninfo(database: database))
        try connection.execute("SET yearbook.part = \(part); SET client_min_messages = warning")
        try connection.execute(Installation.text("docs/platform-role.sql"))
      }
      try FileManager.default.createDirectory(
        atPath: "\(folder)/media", withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: "\(Places.project)/pipelines", toPath: "\(folder)/pipelines")
      if !NightCrashTests.isFull {
        let schedule = "\(folder)/pipelines/nightly.yaml"
        let text = try Installation.text("pipelines/nightly.yaml").split(separator: "\n")
          .filter { !$0.contains("run: video") }.joined(separator: "\n")
        try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: schedule))
      }
      let films = ["guilda-paulista", "pacific-makers", "taller-lavapies", "shibuya-kaihatsu"]
        .map { "  \($0): {film: {target: 20s, max: 24s}}\n" }.joined()
      try Data("tenants:\n\(films)".utf8)
        .write(to: URL(fileURLWithPath: "\(folder)/yearbook.yaml"))
    }

    func environment(_ place: String) -> [String] {
      let conninfo = "host=\(server.socketDirectory) port=5432"
      return [
        "YEARBOOK_SOURCE=\(conninfo) dbname=platform user=yearbook_reader",
        "YEARBOOK_RECORD=\(conninfo) dbname=yearbook user=yearbook",
        "YEARBOOK_STORE=\(folder)/\(place)/store", "YEARBOOK_MEDIA=\(folder)/media",
        "YEARBOOK_WORKSPACE=\(folder)/\(place)/workspace", "NO_COLOR=1",
      ]
    }

    private var nightly: [String] {
      [
        "run", "nightly", "--as-of", "2026-11-20", "--pipelines", "\(folder)/pipelines",
        "--templates", "\(Places.project)/templates",
      ]
    }

    func yearbook(_ arguments: [String], _ place: String = "") throws -> (
      status: Int32, output: String
    ) {
      try Program.run(
        [Places.yearbook] + arguments, in: Places.project, environment: environment(place))
    }

    func start(_ place: String) throws -> RunningProgram {
      try RunningProgram(
        [Places.yearbook] + nightly, in: folder, environment: environment(place))
    }

    /// Ends all of the server's processes at once, as a power cut would, and starts it again.
    func crash() throws {
      try server.stop(.immediate)
      server = try PrivateServer.start(in: "\(folder)/server")
    }

    /// Ends the server and takes its cluster away, which may lie outside the folder.
    func end() throws {
      try server.stop(.immediate)
      try PrivateServer.remove("\(folder)/server")
    }

    /// Every blob's name is the digest of its bytes.
    func brokenBlobs(_ place: String) throws -> [String] {
      let root = "\(folder)/\(place)/workspace/tenants"
      var broken: [String] = []
      for case let path as String in FileManager.default.enumerator(atPath: root) ?? .init() {
        let name = String(path.split(separator: "/").last ?? "")
        guard path.contains("/blobs/"), name.count > 2,
          let data = FileManager.default.contents(atPath: "\(root)/\(path)")
        else { continue }
        var hasher = SHA256Hasher()
        data.withUnsafeBytes { hasher.update($0) }
        if !hasher.digest().hex.hasSuffix(name) { broken.append(path) }
      }
      return broken
    }

    func payload(_ place: String) -> [String: Data] {
      Installation.payload(inStore: "\(folder)/\(place)/store")
    }
  }

  @Test func `A nightly run killed again and again ends as if nothing had happened`() throws {
    try withTemporaryFolder { folder in
      let night = try Night(folder)
      defer { #expect(throws: Never.self) { try night.end() } }
      let began = Date()
      let whole = try night.start("whole")
      #expect(try whole.wait().status == 0, "\(whole.output)")
      let seconds = Date().timeIntervalSince(began)
      let wanted = night.payload("whole")
      #expect(wanted.count > 100)

      let enough = Self.isFull ? 200 : 5
      var (kills, runs) = (0, 0)
      // A run that has less to do, or a machine that is less busy, is quicker: the moment follows.
      var latest = min(seconds, 6) * 0.7
      while kills < enough, runs < enough * 6 {
        runs += 1
        let run = try night.start("killed")
        usleep(UInt32(Double.random(in: 0...latest) * 1_000_000))
        run.send(SIGKILL)
        if try run.wait().status == 128 + SIGKILL {
          kills += 1
          latest *= 1.2
        } else {
          latest = max(0.05, latest * 0.6)
        }
      }
      #expect(kills == enough, "the program was too quick to be killed")
      for _ in 0..<(Self.isFull ? 10 : 1) {
        let run = try night.start("killed")
        usleep(UInt32.random(in: 200_000...UInt32(max(seconds, 1) * 500_000)))
        try night.crash()
        #expect([0, 1, 69].contains(try run.wait().status), "\(run.output)")
      }
      let last = try night.start("killed")
      #expect(try last.wait().status == 0, "\(last.output)")

      let found = night.payload("killed")
      #expect(Set(found.keys) == Set(wanted.keys))
      for (name, bytes) in wanted where found[name] != bytes {
        Issue.record("\(name) differs after \(kills) kills")
      }
      #expect(try night.brokenBlobs("killed") == [])
      let sound = try night.yearbook(["verify", "--deep"], "killed")
      #expect(sound.status == 0, "\(sound.output)")
      let record = try Connection(night.server.conninfo(database: "yearbook"))
      let locks = try record.query(
        "SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()")
      #expect(locks.isEmpty)
      let idle = try night.start("killed").wait()
      #expect(idle.output.contains("0 published"), "\(idle.output)")
    }
  }
}
