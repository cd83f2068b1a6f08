import Foundation
import TestSupport
import Testing

/// `share` and `unshare`, killed anywhere.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Refusals.missing == nil, "\(Refusals.missing ?? "")"))
struct ShareCrashTests {
  private static let isFull = ProcessInfo.processInfo.environment["YEARBOOK_SOAK"] != nil

  /// Kills a command at one call after the other, each time on a copy of the store, and calls
  /// `body` with the copy.
  private func killing(
    _ scene: ShareScene, _ arguments: [String], first: Int,
    _ body: (_ copy: String, _ what: Comment) throws -> Void
  ) throws {
    let faults = try TemporaryFolder()
    let library = faults.path + "/faults.so"
    let built = try Program.run([
      Places.program("cc") ?? "cc", "-shared", "-fPIC", "-O1", "-o", library,
      Places.project + "/Tests/Fixtures/faults.c",
    ])
    #expect(built.status == 0, "\(built.output)")
    let (copy, log) = (faults.path + "/store", faults.path + "/hit")
    var nth = Self.isFull ? 1 : first
    var hits = 0
    while true {
      let copied = try Program.run([
        "/bin/sh", "-c", "rm -rf '\(copy)' '\(log)' && cp -a '\(scene.store)' '\(copy)'",
      ])
      #expect(copied.status == 0, "\(copied.output)")
      let outcome = try scene.killed(
        arguments + ["--store", copy],
        [
          "LD_PRELOAD=\(library)", "FAULT_ROOT=\(copy)", "FAULT_NTH=\(nth)", "FAULT_KIND=KILL",
          "FAULT_LOG=\(log)",
        ])
      guard FileManager.default.fileExists(atPath: log) else {
        #expect(outcome.status == 0, "\(outcome.output)")
        break
      }
      hits += 1
      #expect(outcome.status == 128 + SIGKILL, "call \(nth): \(outcome.output)")
      try body(copy, "call \(nth)")
      nth += Self.isFull ? 1 : 9
    }
    #expect(hits >= 4)
  }

  /// The folders of shares in a copy of the store.
  private func shares(_ copy: String) throws -> [String] {
    let folder = copy + "/tenants/brasil/shared"
    guard FileManager.default.fileExists(atPath: folder) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder).map { "\(folder)/\($0)" }
  }

  /// Whether readers see the share as a whole: its page and all that the page shows.
  private func isWhole(_ folder: String) throws -> Bool {
    guard let data = FileManager.default.contents(atPath: folder + "/index.html") else {
      return false
    }
    let page = String(decoding: data, as: UTF8.self)
    for part in page.components(separatedBy: "src=\"").dropFirst() {
      let path = "\(folder)/\(part.prefix { $0 != "\"" })"
      #expect(FileManager.default.fileExists(atPath: path), "\(path)")
    }
    return page.contains("og:image")
  }

  @Test
  func `Killed anywhere, a share is there as a whole or not, and the next command goes through`()
    throws
  {
    try ShareScene.with { scene in
      let share = ["share", "brasil", "annual", "2025"]
      try killing(scene, share, first: 3) { copy, what in
        for folder in try shares(copy) { _ = try isWhole(folder) }
        let told = try scene.expect(share + ["--store", copy])
        let name = told.firstMatch(of: /shared\/([a-z2-7]{26})\//).map { String($0.output.1) }
        let folder = "\(copy)/tenants/brasil/shared/\(try #require(name, what))"
        #expect(try isWhole(folder), what)
        try scene.expect(["prune", "--yes", "--store", copy])
        // One is shown; nothing of another is left.
        for other in try shares(copy) where other != folder {
          #expect(ShareScene.files(in: other + "/releases") == [], what)
        }
        #expect(try isWhole(folder), what)
        try scene.expect(["verify", "--deep", "--store", copy], "all as published")
      }
    }
  }

  @Test(arguments: ["unshare", "prune"])
  func `Killed anywhere, a taking back is finished by the same command, and by the next`(
    finisher: String
  ) throws {
    try ShareScene.with { scene in
      let name = try scene.share().split(separator: "/").dropLast().last.map(String.init) ?? ""
      try killing(scene, ["unshare", name], first: finisher == "prune" ? 7 : 2) { copy, what in
        let folder = "\(copy)/tenants/brasil/shared/\(name)"
        let mark = folder + "/gone.html"
        // A web server that finds the mark shows nothing else; without it, the page is whole.
        if !FileManager.default.fileExists(atPath: mark) { #expect(try isWhole(folder), what) }
        let hasBegun = FileManager.default.fileExists(atPath: folder + "/heads/2.json")
        try scene.expect(
          (finisher == "prune" ? ["prune", "--yes"] : ["unshare", name]) + ["--store", copy])
        guard hasBegun || finisher == "unshare" else {
          return #expect(try isWhole(folder), what)
        }
        let page = try String(contentsOfFile: folder + "/index.html", encoding: .utf8)
        #expect(try !page.contains("og:") && page == String(contentsOfFile: mark, encoding: .utf8))
        for place in [folder + "/releases", copy + "/.staging"] {
          #expect(ShareScene.files(in: place) == [], what)
        }
        try scene.expect(["verify", "--deep", "--store", copy], "all as published")
      }
    }
  }
}
