import Foundation
import Glibc
import Postgres
import TestSupport
import Testing

/// Each report in each language, byte for byte as it was recorded in `Tests/Fixtures/golden`: its
/// page without the style sheet and the days on which nothing was, and its spreadsheets' files one
/// after the other.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct GoldenTests {
  private static let folder = Places.project + "/Tests/Fixtures/golden"
  private static let isRecording = getenv("YEARBOOK_RECORD_GOLDEN") != nil

  @Test func `Each report is in each language as it was recorded`() throws {
    try Installation.with { here in
      for name in ["annual", "billing", "dojos", "users", "platform-billing", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.useProjectRules()
      try here.platform.connect().execute(
        Installation.text("Tests/Fixtures/golden/rows.sql"))
      for report in ["annual", "billing", "dojos", "users"] {
        let (status, output) = try here.yearbook(
          ["run", report, "--period", "2025", "--as-of", "2026-11-20"])
        try #require(status == 0, "\(output)")
        for (slug, locale) in [("brasil", "pt-BR"), ("england", "en"), ("espana", "es")] {
          try compare(here, "tenants/\(slug)/\(report)", "\(report).\(locale)")
        }
      }
      for locale in ["pt-BR", "en", "es"] {
        try here.write(
          "yearbook.yaml",
          "operator: {name: Operator, time_zone: UTC, locale: \(locale), currency: USD}\n")
        let (status, output) = try here.yearbook(
          ["run", "platform-billing", "--period", "2025", "--as-of", "2026-11-20"])
        try #require(status == 0, "\(output)")
        try compare(here, "operator/platform-billing", "platform-billing.\(locale)")
      }
    }
  }

  private func compare(_ here: Installation, _ report: String, _ golden: String) throws {
    let folder = "\(here.folder)/store/\(report)/2025"
    let latest = try Installation.text("latest.json", in: folder)
    let release = try #require(
      latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") })
    let data = "\(folder)/releases/\(release)/data"
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
      let path = "\(Self.folder)/\(name)"
      if Self.isRecording { try Data(made.utf8).write(to: URL(fileURLWithPath: path)) }
      let recorded = FileManager.default.contents(atPath: path) ?? Data()
      #expect(
        Data(made.utf8) == recorded,
        "\(name) differs: record again with YEARBOOK_RECORD_GOLDEN=1, and check the diff")
    }
  }
}
