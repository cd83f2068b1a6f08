import Foundation
import Postgres
import TestSupport
import Testing

/// The files for spreadsheets, opened by LibreOffice: every cell is what the tenant typed, none is worked out.
@Suite(
  .enabled(if: Places.noYearbook == nil, "the program is not built"),
  .enabled(if: Places.program("soffice") != nil, "LibreOffice is not installed"))
struct SpreadsheetTests {
  /// What a tenant's people type who mean harm, or nothing at all.
  private static let texts = [
    "=1+1", "+1+1", "-1+1", "@SUM(1;2)", "\t=1+1", "\r=1+1", "\n=1+1", "\r\n=1+1",
    "=HYPERLINK(\"http://example.org\";\"x\")", "=cmd|' /C calc'!A0", "'=1+1", "a;=1+1", "a\n=1+1",
    "\"=1+1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1;2)", "-", "=", " =1+1", "plain, \"quoted\"; and more",
  ]

  @Test func `LibreOffice opens the spreadsheets' files and evaluates nothing in them`() throws {
    try Installation.with { here in
      for name in ["annual", "common"] {
        try FileManager.default.copyItem(
          atPath: "\(Places.project)/pipelines/\(name)", toPath: "\(here.folder)/pipelines/\(name)")
      }
      try here.addTenant("acme", timeZone: "Europe/Madrid")
      let connection = try here.platform.connect()
      try connection.execute("UPDATE app.tenant SET locale = 'es'")
      for (index, text) in Self.texts.enumerated() {
        try connection.query(
          """
          INSERT INTO app.pocuser (userid, tenantid, name, description, language, tags, repourl, created)
          SELECT u.id, t.id, $1::text, $1::text, $1::text, $1::text, $1::text, '2025-03-01'::timestamptz + $2::int * interval '1 hour'
          FROM app.tenant t JOIN app."user" u ON u.tenantid = t.id AND u.username = 'u1'
          """, [text, String(index)])
      }
      let (status, output) = try here.yearbook(["run", "annual", "--period", "2025"])
      try #require(status == 0, "\(output)")
      let file = try #require(
        try here.payload().first { $0.key.hasSuffix("/pocs.excel.csv") }?.value)
      try #require(String(decoding: file, as: UTF8.self).contains("'=1+1"))
      // The same file without the apostrophes: the judge does see formulas where there are some.
      let naive = Data(String(decoding: file, as: UTF8.self).replacing("'=", with: "=").utf8)
      let found = try cells(of: ["whole": file, "naive": naive], in: here.folder)
      let (opened, evaluated) = try (#require(found["whole"]), #require(found["naive"]))
      #expect(opened.formulas == 0)
      #expect(opened.texts.contains("'=cmd|' /C calc'!A0"))
      for sign in ["＝1+1", "＋1+1", "－1+1", "＠SUM(1;2)"] {
        #expect(opened.texts.contains("'" + sign))
      }
      #expect(opened.texts.count { $0.hasSuffix("=1+1") } >= 30)
      // Name, language and tags, then description and repository: equal neighbours are told once.
      #expect(opened.texts.count { $0 == "plain, \"quoted\"; and more" } == 2)
      #expect(evaluated.formulas > 0)
    }
  }

  /// How many formulas LibreOffice finds in each file, and the texts of its cells.
  private func cells(
    of files: [String: Data], in folder: String
  ) throws -> [String: (formulas: Int, texts: [String])] {
    for (name, file) in files {
      try file.write(to: URL(fileURLWithPath: "\(folder)/\(name).csv"))
    }
    let (status, output) = try Program.run(
      [
        try #require(Places.program("soffice")), "--headless", "--norestore",
        "-env:UserInstallation=file://\(folder)/office",
        // Semicolons, double quotes, UTF-8, from the first line; types guessed, as for a person who opens it.
        "--infilter=CSV:59,34,76,1,,0,false,true,false", "--convert-to", "fods",
        "--outdir", folder,
      ] + files.keys.map { "\(folder)/\($0).csv" }, in: folder)
    return try Dictionary(
      uniqueKeysWithValues: files.keys.map { name in
        try #require(
          FileManager.default.fileExists(atPath: "\(folder)/\(name).fods"), "\(status): \(output)")
        let text = try Installation.text("\(name).fods", in: folder)
        let texts = text.components(separatedBy: "<text:p>").dropFirst().map {
          $0.components(separatedBy: "</text:p>")[0].replacing("&apos;", with: "'")
            .replacing("&quot;", with: "\"")
        }
        return (name, (text.components(separatedBy: "table:formula=").count - 1, texts))
      })
  }
}
