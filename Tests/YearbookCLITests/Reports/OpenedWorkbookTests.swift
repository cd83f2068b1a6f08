import Foundation
import Postgres
import TestSupport
import Testing

/// The workbooks of reports, opened by LibreOffice and by openpyxl: each cell is that of the CSV file for people, with its
/// type, and nothing is worked out.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.program("soffice") != nil, "LibreOffice is not installed"),
  .enabled(if: Places.judgesPython != nil, "the judges are not installed"))
struct OpenedWorkbookTests {
  private static let texts = [
    "=1+1", "+1+1", "-1+1", "@SUM(1;2)", "\t=1+1", "\r=1+1", "\r\n=1+1", "＝1+1", "'=1+1", "007",
    "1e5", "2026-01-01",
    "TRUE", "=HYPERLINK(\"http://example.org\";\"x\")", "https://example.org/x", "_x0041_",
    "<b>&amp;]]>", "two\nlines",
    "a\u{1}b", "😀👩‍👩‍👧 ação", "שלום עולם", "مرحبا", "\u{202E}turned", "東京", " blanks ",
  ]
  private static let reports = ["annual", "billing", "users"]

  @Test func `LibreOffice and openpyxl find the cells of the CSV files in a workbook`() throws {
    try Installation.with { here in
      for name in Self.reports { try here.addReport(name) }
      try here.useProjectRules()
      let connection = try here.platform.connect()
      try connection.execute(Installation.text("Tests/Fixtures/golden/rows.sql"))
      for (index, text) in Self.texts.enumerated() {
        try connection.query(
          """
          INSERT INTO app.pocuser (userid, tenantid, name, description, language, tags, repourl, created)
          SELECT u.id, t.id, $1::text, $1::text, 'Go', 'x', '', '2025-03-01'::timestamptz + $2::int * interval '1 hour'
          FROM app.tenant t JOIN app."user" u ON u.tenantid = t.id AND u.username = 'ana' WHERE t.slug = 'brasil'
          """, [text, String(index)])
      }
      for report in Self.reports {
        let (status, output) = try here.yearbook(
          ["run", report, "--tenant", "brasil", "--period", "2025", "--as-of", "2026-11-20"])
        try #require(status == 0, "\(output)")
      }
      let folders = try Self.reports.map { report in
        try data(of: "\(here.folder)/store/tenants/brasil/\(report)/2025")
      }
      let books = zip(folders, Self.reports).map { "\($0)/\($1).xlsx" }
      let (status, output) = try Program.run(
        [
          try #require(Places.program("soffice")), "--headless", "--norestore",
          "-env:UserInstallation=file://\(here.folder)/office", "--convert-to", "fods", "--outdir",
          here.folder,
        ] + books, in: here.folder)
      for (report, folder) in zip(Self.reports, folders) {
        let opened = "\(here.folder)/\(report).fods"
        try #require(FileManager.default.fileExists(atPath: opened), "\(status): \(output)")
        for file in [opened, "\(folder)/\(report).xlsx"] { try judge(file, folder) }
      }
      // What the CSV files do not have is a fault.
      let csv = "\(folders[0])/pocs.excel.csv"
      let copy = "\(here.folder)/copy/data"
      try FileManager.default.createDirectory(
        atPath: "\(here.folder)/copy", withIntermediateDirectories: true)
      try FileManager.default.copyItem(atPath: folders[0], toPath: copy)
      try FileManager.default.copyItem(
        atPath: "\(folders[0])/../datapackage.json", toPath: "\(here.folder)/copy/datapackage.json")
      let wrong = try Installation.text("pocs.excel.csv", in: folders[0]).replacing(
        "007", with: "008")
      try FileManager.default.removeItem(atPath: "\(copy)/pocs.excel.csv")
      try Data(wrong.utf8).write(to: URL(fileURLWithPath: "\(copy)/pocs.excel.csv"))
      #expect(FileManager.default.fileExists(atPath: csv))
      #expect(try compare("\(here.folder)/annual.fods", copy).status == 1)

      // All of it is made again, from the rows on: nothing differs.
      let again = try here.yearbook(
        [
          "run", "annual", "--tenant", "brasil", "--period", "2025", "--as-of", "2026-11-20",
          "--refresh",
        ])
      #expect(again.status == 0 && again.output.contains("1 unchanged"), "\(again.output)")
      let page = try Installation.text("index.html", in: folders[0])
      #expect(page.contains("href=\"annual.xlsx\""))
      let package = try Installation.text("datapackage.json", in: folders[0] + "/..")
      #expect(package.contains("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
    }
  }

  private func data(of partition: String) throws -> String {
    let latest = try Installation.text("latest.json", in: partition)
    let release = try #require(
      latest.split(separator: "\"").first { $0.hasPrefix("2") && $0.contains("t") })
    return "\(partition)/releases/\(release)/data"
  }

  private func judge(_ file: String, _ folder: String) throws {
    let (status, output) = try compare(file, folder)
    #expect(status == 0, "\(file): \(output)")
  }

  private func compare(_ file: String, _ folder: String) throws -> (status: Int32, output: String) {
    try Program.run([
      try #require(Places.judgesPython), "\(Places.project)/Tests/Fixtures/sheet_judge.py",
      "compare", file, folder,
    ])
  }
}
