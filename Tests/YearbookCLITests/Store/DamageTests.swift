import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Damaged stores that are repaired, and stores that cannot be written.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct DamageTests {
  private static let run = ["run", "rows", "--period", "2025"]

  @discardableResult
  private func expect(
    _ here: Installation, _ arguments: [String], status: Int32 = 0, _ text: String? = nil,
    environment: [String] = []
  ) throws -> String {
    try StoreCommandTests.expect(here, arguments, status: status, text, environment: environment)
  }

  private static func with(_ body: (Installation) throws -> Void) throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try StoreCommandTests.expect(here, run)
      try body(here)
    }
  }

  /// The files of acme's newest release whose names end so.
  private func files(_ here: Installation, _ end: String) throws -> [String] {
    let place = "\(here.folder)/store/tenants/acme"
    return try FileManager.default.subpathsOfDirectory(atPath: place).sorted()
      .filter { $0.contains("/releases/") && $0.hasSuffix(end) }.map { "\(place)/\($0)" }
  }

  private func write(_ text: String, _ path: String) throws {
    unlink(path)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
  }

  @Test func `A damaged release that a run does not cure is repaired by verify`() throws {
    try Self.with { here in
      let table = try #require(try files(here, "people.csv").first)
      let text = try String(contentsOfFile: table, encoding: .utf8)
      try write(String(repeating: "x", count: text.utf8.count), table)
      // The size is right, so a run finds it unchanged.
      try expect(here, Self.run, "1 unchanged")
      try expect(here, ["verify", "--deep"], status: 1, "--repair")
      let repaired = try expect(here, ["verify", "--deep", "--repair"], "all as published")
      #expect(repaired.contains("restored: tenants/acme/rows/2025/releases/"), "\(repaired)")
      #expect(try String(contentsOfFile: table, encoding: .utf8) == text)
      try expect(here, ["verify", "--deep", "--repair"], "all as published")
      try expect(
        here, ["verify", "--repair", "--mirror"], status: 64, "`yearbook mirror` repairs the bucket"
      )
    }
  }

  @Test func `What the workspace no longer has is published again from its rows`() throws {
    try Self.with { here in
      let table = try #require(try files(here, "people.csv").first)
      try write("x", table)
      #expect(
        try Program.run(["/bin/rm", "-rf", "\(here.folder)/workspace"]).status == 0)
      let repaired = try expect(
        here, ["verify", "--deep", "--repair"], status: 1, "published again: acme/rows/2025")
      // The older release stays damaged, and the advice names the way out.
      #expect(repaired.contains("fault altered") && repaired.contains("yearbook prune"))
      try expect(here, ["prune", "--grace", "0s", "--yes"], "1 release")
      try expect(here, ["verify", "--deep", "--with-record"], "all as published")
    }
  }

  @Test func `A damaged manifest, pointer or page is made again, and what cannot be is named`()
    throws
  {
    try Self.with { here in
      let manifest = try #require(try files(here, "bagit.txt").first)
      try write("damaged", manifest)
      try expect(here, ["verify", "--repair"], status: 1, "published again: acme/rows/2025")
      try expect(here, ["prune", "--grace", "0s", "--yes"])
      let place = "\(here.folder)/store/tenants/acme"
      try write("{", place + "/rows/2025/latest.json")
      try write("damaged", place + "/index.html")
      try expect(here, ["verify"], status: 1)
      try expect(here, ["verify", "--repair"], "all as published")
      try write("{", place + "/catalog.json")
      let left = try expect(here, ["verify", "--repair"], status: 1, "catalog.json is damaged")
      #expect(left.contains("remove it"), "\(left)")
      // What nothing names is left where it is.
      unlink(place + "/catalog.json")
      try expect(here, Self.run + ["--force"])
      try write("x", place + "/extra.txt")
      try expect(here, ["verify", "--repair"], status: 1, "fault extra: tenants/acme/extra.txt")
      #expect(FileManager.default.fileExists(atPath: place + "/extra.txt"))
    }
  }

  @Test(.enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"))
  func `A store that cannot be written ends a run before it reads or makes anything`() throws {
    try Self.with { here in
      for (folder, name) in [("store", "the store"), ("workspace", "the workspace")] {
        for number in [EROFS, EACCES, ENOSPC] {
          let refusals = try Refusals.environment(
            "create=\(number)", below: "\(here.folder)/\(folder)")
          try here.platform.connect().execute(
            "UPDATE app.\"user\" SET username = username || 'x' WHERE username LIKE 'u1%'")
          let runs = try here.record.connect().query("SELECT FROM yearbook.run").count
          let outcome = try expect(
            here, ["run", "nightly"], status: 74, String(cString: strerror(number)),
            environment: refusals)
          #expect(
            outcome.contains(name) || outcome.contains("cannot create"), "\(outcome)")
          #expect(outcome.split(separator: "\n").count <= 2, "\(outcome)")
          // No run was recorded: nothing was begun.
          #expect(try here.record.connect().query("SELECT FROM yearbook.run").count == runs)
        }
      }
      try expect(here, ["run", "nightly"])
    }
  }

  @Test(.enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"))
  func `Pruning a store that cannot be written says so once`() throws {
    try Installation.with { here in
      for number in 1...12 { try here.addTenant("acme-\(number)") }
      try expect(here, Self.run)
      try expect(here, Self.run + ["--force"])
      let refusals = try Refusals.environment("create=\(EACCES)", below: "\(here.folder)/store")
      let outcome = try expect(
        here, ["prune", "--grace", "0s", "--yes"], status: 74, "Permission denied",
        environment: refusals)
      #expect(outcome.components(separatedBy: "error:").count == 2, "\(outcome)")
      // Where only the locks are missing, each partition fails for the same reason.
      let locks = try Refusals.environment("flock=\(ENOLCK)", below: "\(here.folder)/store/.locks")
      let locked = try expect(
        here, ["prune", "--grace", "0s", "--yes"], status: 74, "more for the same reason",
        environment: locks)
      #expect(locked.components(separatedBy: "error:").count == 2, "\(locked)")
    }
  }

  @Test func `An inherited limit on the size of files is an error that names the file`() throws {
    try Installation.with { here in
      try here.addTenant("acme", people: 2_000)
      let words =
        [Places.yearbook] + Self.run
        + ["--pipelines", "\(here.folder)/pipelines", "--templates", "\(here.folder)/templates"]
      // 8 kB, in blocks of 512 bytes.
      let outcome = try Program.run(
        ["/bin/sh", "-c", "ulimit -f 16; exec \"$@\"", "sh"] + words, in: here.folder,
        environment: here.environment)
      // The operator's pages can be too large as well.
      #expect([1, 74].contains(outcome.status), "\(outcome.output)")
      #expect(outcome.output.contains("File too large"), "\(outcome.output)")
      #expect(outcome.output.contains("ulimit -f"), "\(outcome.output)")
      try expect(here, Self.run, "1 published")
      try expect(here, ["verify", "--deep"], "all as published")
    }
  }

  @Test(
    .enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"), arguments: ["zero", "ones"])
  func `A workspace that does not tell its room gets its films all the same`(told: String) throws {
    try Installation.withFilms { here in
      let film = try here.film(
        below: [], environment: Refusals.environment("statvfs=\(told)", below: here.folder))
      #expect(film.status == 0, "\(film.output)")
      #expect(film.output.contains("1 published"), "\(film.output)")
    }
  }

  @Test func `A catalog or a data package that lies about sizes is told, and is no trap`() throws {
    try Self.with { here in
      func lie(_ path: String, _ pattern: some RegexComponent, _ lie: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacing(pattern, with: lie)
        #expect(changed != text, "\(path)")
        try write(changed, path)
      }
      let huge = "9223372036854775807"
      let place = "\(here.folder)/store/tenants/acme"
      try lie(place + "/catalog.json", /"bytes":[0-9]+/, "\"bytes\":\(huge)")
      try expect(here, ["verify"], status: 1, "fault altered: tenants/acme/catalog.json")
      try expect(here, Self.run + ["--force"])
      let package = try #require(try files(here, "datapackage.json").last)
      try lie(package, /"bytes": [0-9]+/, "\"bytes\": \(huge)")
      try expect(here, ["verify"], status: 1, "datapackage.json")
      try expect(here, ["show", "acme/rows/2025"])
      try expect(here, ["prune", "--grace", "0s"])
      unlink(place + "/catalog.json")
      try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || 'x'")
      // The pages are made again, also of the other releases.
      try expect(here, Self.run, "1 published")
    }
  }

  /// Whether root can make a folder that root itself cannot write.
  private static func setImmutable(_ path: String, _ isOn: Bool) throws -> Bool {
    guard let chattr = Places.program("chattr") else { return false }
    return try Program.run([chattr, isOn ? "+i" : "-i", path]).status == 0
  }

  /// Whether there are such folders here.
  private static let hasImmutable: Bool = {
    do {
      return try withTemporaryFolder { folder in
        guard try setImmutable(folder, true) else { return false }
        let isClosed = access(folder, W_OK) != 0
        return try setImmutable(folder, false) && isClosed
      }
    } catch {
      return false
    }
  }()

  @Test(.enabled(if: hasImmutable, "only root can make a folder immutable, on some file systems"))
  func `A tenant whose folder cannot be written fails before its stages, and alone`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.addTenant("zeta")
      try expect(here, Self.run)
      let place = "\(here.folder)/store/tenants/acme/rows/2025"
      #expect(try Self.setImmutable(place, true))
      defer { #expect((try? Self.setImmutable(place, false)) == true) }
      try here.platform.connect().execute(
        "UPDATE app.\"user\" SET username = 'renamed' WHERE username = 'u1'")
      let outcome = try expect(here, Self.run, status: 1, "1 published")
      #expect(outcome.contains("cannot write in \(place)"), "\(outcome)")
      let attempts = try here.record.connect().query(
        "SELECT FROM yearbook.attempt WHERE slug = 'acme' AND run_id = (SELECT max(id) FROM yearbook.run)"
      )
      #expect(attempts.isEmpty)
    }
  }
}
