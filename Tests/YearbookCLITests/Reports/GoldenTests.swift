import Foundation
import Postgres
import TestSupport
import Testing

/// Each report in each language, byte for byte as it was recorded (`GoldenPage`).
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct GoldenTests {
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
    try GoldenPage.compare("\(here.folder)/store/\(report)/2025", golden)
  }
}
