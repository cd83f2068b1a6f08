import Foundation
import Synchronization
import TestSupport
import Testing

/// `docs/how-to/another-platform.md`, followed to the letter: its files are written, its commands run
/// in order, and each line that it shows comes.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.program("psql") != nil, "psql is not installed"))
struct PlatformGuideTests {
  /// A fenced block.
  private struct Block {
    var language: String
    var lines: [String]
    /// The file that the first line names; `nil` if the block is no file.
    var file: String? {
      let words = lines.first?.split(separator: " ") ?? []
      guard words.count >= 2, ["--", "#", "{{!"].contains(words[0]), language != "sh" else {
        return nil
      }
      return String(words[1])
    }
  }

  @Test func `A stranger who follows the guide to another platform publishes reports of it`() throws
  {
    let guide = try Installation.text("docs/how-to/another-platform.md")
    let blocks = Self.blocks(guide)
    try withTemporaryFolder { folder in
      let environment = try environment(folder)
      func shell(_ script: String) throws -> (status: Int32, output: String) {
        try Program.run(["/bin/bash", "-eu", "-c", script], in: folder, environment: environment)
      }
      // Roles belong to the whole server, which other tests of this process use at the same time.
      try Installation.roles.withLock { _ in
        defer { try? Self.drop(shell) }
        var output = ""
        var files = 0
        for block in blocks {
          if let file = block.file {
            files += 1
            try write(block.lines.dropFirst().joined(separator: "\n"), to: file, in: folder)
          } else if block.language == "sh" {
            let outcome = try shell(block.lines.joined(separator: "\n"))
            output = outcome.output
            try #require(outcome.status == 0, "\(block.lines.joined(separator: "\n"))\n\(output)")
          } else if block.language == "text" {
            let shown = output.split(separator: "\n")
            for line in block.lines {
              #expect(shown.contains { $0 == line }, "\(line)\n\(output)")
            }
          }
        }
        #expect(files == 13)
        let store = "\(folder)/store/tenants"
        let page = try Self.newest("\(store)/shop-7/orders/2026-10")
        #expect(page.contains("<bdi>Padaria do Zé</bdi>"), "\(page)")
        // Fifteen orders of 9.90 and 0, 2 … 28 more.
        #expect(page.contains("R$\u{A0}358,50"), "\(page)")
        #expect(!page.contains("customer"), "\(page)")
        #expect(
          try Self.newest("\(folder)/bots-config/store/tenants/vendas/conversations/2026-10")
            .contains("Conversas"))
      }
    }
  }

  /// The program and PostgreSQL's own on the path, and the tests' server as the usual one.
  private func environment(_ folder: String) throws -> [String] {
    let conninfo = try TestServer.conninfo()
    let words = conninfo.split(separator: " ").map { $0.split(separator: "=", maxSplits: 1) }
    let settings = [("host", "PGHOST"), ("port", "PGPORT"), ("user", "PGUSER")].compactMap {
      key, name in
      words.first { $0.first == key[...] }.map {
        "\(name)=\($0[1].trimmingCharacters(in: CharacterSet(charactersIn: "'")))"
      }
    }
    let psql = try #require(Places.program("psql"))
    let path = "\(Places.products):\(psql.dropLast("/psql".count)):/usr/bin:/bin"
    return settings + ["PATH=\(path)", "YEARBOOK=\(Places.project)", "NO_COLOR=1"]
  }

  private func write(_ text: String, to name: String, in folder: String) throws {
    let url = URL(fileURLWithPath: "\(folder)/\(name)")
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    // The guide adds to the words.
    let old = name.contains("messages/") ? try Installation.text(name, in: folder) : ""
    try Data((old + text + "\n").utf8).write(to: url)
  }

  private static func newest(_ partition: String) throws -> String {
    let latest = try Installation.text("latest.json", in: partition)
    let release = try #require(
      latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") })
    return try Installation.text("index.html", in: "\(partition)/releases/\(release)/data")
  }

  private static func drop(
    _ shell: (String) throws -> (status: Int32, output: String)
  ) throws {
    _ = try shell(
      """
      for name in shops shops_record bots bots_record bots1 bots2 bots_old bots_all bots_all_record; do dropdb --if-exists --force "$name"; done
      psql -q -d postgres -c 'DROP ROLE IF EXISTS shops_reader, shops_record'
      """)
  }

  private static func blocks(_ guide: String) -> [Block] {
    var blocks: [Block] = []
    var open: Block?
    for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(block)
          open = nil
        } else {
          open = Block(language: String(line.dropFirst(3)), lines: [])
        }
      } else {
        open?.lines.append(String(line))
      }
    }
    return blocks
  }
}
