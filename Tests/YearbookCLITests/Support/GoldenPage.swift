import Foundation
import Glibc
import TestSupport
import Testing

/// A release's page and spreadsheets as they were recorded in `Tests/Fixtures/golden`: the page
/// without the style sheet and the days on which nothing was, and the spreadsheets' files one after
/// the other.
enum GoldenPage {
  private static let folder = Places.project + "/Tests/Fixtures/golden"
  private static let isRecording = getenv("YEARBOOK_RECORD_GOLDEN") != nil

  /// Compares the newest release of a partition with what was recorded.
  ///
  /// - Parameters:
  ///   - partition: the partition's folder in the store.
  ///   - golden: the name of the recorded files.
  static func compare(_ partition: String, _ golden: String) throws {
    let latest = try Installation.text("latest.json", in: partition)
    let release = try #require(
      latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") })
    let data = "\(partition)/releases/\(release)/data"
    let page = try Installation.text("index.html", in: data)
      .replacing(/<style>[^<]*<\/style>/, with: "<style></style>")
      .replacing(/<script>[^<]*<\/script>/, with: "<script></script>")
      .replacing(/'sha256-[^']*'/, with: "'sha256-'")
      .replacing(/<rect class="q0"[^>]*>/, with: "")
    let tables = try FileManager.default.contentsOfDirectory(atPath: data).sorted()
      .filter { $0.hasSuffix(".excel.csv") }
      .map { name in
        let bytes = try #require(FileManager.default.contents(atPath: "\(data)/\(name)"))
        // Not by a reader of texts, which would take a byte order mark away.
        return "== \(name)\n" + String(decoding: bytes, as: UTF8.self)
      }.joined()
    for (name, made) in [("\(golden).html", page), ("\(golden).tables", tables)] {
      let path = "\(folder)/\(name)"
      if isRecording { try Data(made.utf8).write(to: URL(fileURLWithPath: path)) }
      let recorded = FileManager.default.contents(atPath: path) ?? Data()
      #expect(
        Data(made.utf8) == recorded,
        "\(name) differs: record again with YEARBOOK_RECORD_GOLDEN=1, and check the diff")
    }
  }
}
