import Basics
import Diagnostics
import Foundation
import Glibc
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// The workbook of a report: what it has of the tables, and what it costs.
@Suite(.enabled(if: Places.program("python3") != nil, "Python is not installed"))
struct AggregateWorkbookTests {
  private struct Found: Decodable {
    struct Sheet: Decodable {
      var name: String
      var rows: [[String: [String]]]
    }
    var sheets: [Sheet]
  }

  private func read(_ path: String) throws -> Found {
    let (status, output) = try Program.run([
      try #require(Places.program("python3")), "\(Places.project)/Tests/Fixtures/sheet_judge.py",
      "parts", path,
    ])
    try #require(status == 0, "\(output)")
    return try JSONDecoder().decode(Found.self, from: Data(output.utf8))
  }

  /// The stage's output, and its workbook.
  private func made(
    _ fixture: ReportFixture
  ) throws -> (output: StageOutput, report: ReportModel, workbook: Found?) {
    try fixture.with { work, environment in
      let output = try AggregateStage().prepare(work, inputs: [], environment: environment).run()
      let files = try environment.artifacts(output)
      let report = try #require(files.first { $0.name == "report.json" })
      let model = try ReportModel(json: Array(Data(contentsOf: URL(fileURLWithPath: report.path))))
      guard let last = output.files.last, last.name == "report.xlsx" else {
        return (output, model, nil)
      }
      return (output, model, try read("\(environment.scratch)/report.xlsx"))
    }
  }

  private var fixture: ReportFixture {
    var fixture = ReportFixture()
    fixture.aggregate += "\nworkbook: report"
    return fixture
  }

  @Test func `A workbook has the tables' cells with their types, and the page leads to it`() throws
  {
    let (output, model, found) = try made(fixture)
    #expect(model.workbook == "report.xlsx")
    let file = try #require(output.files.first { $0.name == "report.xlsx" })
    #expect(file.isPublished)
    #expect(file.table == nil)
    #expect(
      file.mediaType == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    let sheet = try #require(found?.sheets.first)
    #expect(found?.sheets.count == 1)
    #expect(sheet.name == "Notas")
    #expect(sheet.rows[0]["A1"] == ["inlineStr", "Título", "49"])
    #expect(sheet.rows[1]["A2"] == ["inlineStr", "=cmd()|'x'", "49"])
    #expect(sheet.rows[1]["C2"] == nil)
    #expect(sheet.rows[1]["D2"] == ["n", "3", "#,##0"])
    #expect(sheet.rows[1]["E2"] == ["n", "10.50", "[$R$]\\ #,##0.00"])
    // 2026-01-01 02:30 in UTC is 23:30 of the day before in the tenant's zone.
    #expect(sheet.rows[1]["G2"] == ["n", "46022.9791666667", "dd/mm/yyyy\\ hh:mm:ss"])
    #expect(sheet.rows[2]["C3"] == ["inlineStr", "convidado", "49"])
    #expect(sheet.rows[2]["H3"] == ["inlineStr", "javascript:alert(1)", "49"])
    #expect(output.warnings.isEmpty)

    let page = """
      <!DOCTYPE html>
      <html xmlns="http://www.w3.org/1999/xhtml" lang="pt-BR"><head>{{{head}}}<title>x</title></head><body>
      {{#workbook}}<a href="{{href}}">{{label}} {{size}}</a>{{/workbook}}</body></html>
      """
    let text = try #require(try fixture.files(template: page)["index.html"])
    #expect(text.contains("<a href=\"report.xlsx\">Excel"))
    #expect(try !#require(ReportFixture().files(template: page)["index.html"]).contains("Excel"))
  }

  @Test func `Without the word there is no workbook, and nothing else changes`() throws {
    let (output, model, found) = try made(ReportFixture())
    #expect(found == nil && model.workbook == nil)
    let with = try made(fixture)
    #expect(with.output.files.map(\.name) == output.files.map(\.name) + ["report.xlsx"])
    func key(_ fixture: ReportFixture) throws -> [String: String] {
      try fixture.with { work, environment in
        try AggregateStage().prepare(work, inputs: [], environment: environment).inputs.parts
      }
    }
    let (plain, turned) = (try key(ReportFixture()), try key(fixture))
    #expect(plain.keys.filter { plain[$0] != turned[$0] } == ["aggregate"])
  }

  @Test func `No centavo is lost, and a text that is cut is told of`() throws {
    var fixture = fixture
    fixture.datasets["posts"] = """
      title:text,author:text,author_is:text,size:integer,price:numeric,currency:text,made:timestamptz,link:text
      \(String(repeating: "x", count: 32_768)),,,,12345678901234567.89,BRL,infinity,
      b,,,7,0.005,USD,,
      c,,,1,1,"=1+1",0001-01-01 00:00:00+00 BC,

      """
    fixture.datasets["totals"] = "posts:bigint,posts_before:bigint\n3,2\n"
    let (output, _, found) = try made(fixture)
    let sheet = try #require(found?.sheets.first)
    #expect(sheet.rows[1]["E2"] == ["inlineStr", "12345678901234567,89", "49"])
    #expect(sheet.rows[1]["A2"]?[1].count == 32_767)
    #expect(sheet.rows[1]["G2"] == nil)
    #expect(sheet.rows[2]["E3"] == ["n", "0.005", "[$US$]\\ #,##0.000"])
    // What is no currency's code gets into no format.
    #expect(sheet.rows[3]["E4"] == ["n", "1", "#,##0.000"])
    #expect(
      output.warnings == [
        Warning(
          code: "cut", subject: "table posts",
          message: "1 text longer than a cell of a workbook, 32,767 characters: cut in"
            + " 'report.xlsx', whole in the CSV files")
      ])
  }

  @Test func `A table with more rows than a sheet goes on in the next`() throws {
    try fixture.with { work, environment in
      let messages = ReportMessages(
        catalog: try PageTemplates.cached(folder: environment.templates).catalog,
        pipeline: work.pipeline.name, locale: "pt-BR", zone: work.tenant.zone)
      let book = AggregateWorkbook("x", work: work, messages: messages, mostRows: 3) {
        environment.scratch
      }
      let sheet = try book.sheet(of: "posts", columns: [("Notas", .text)])
      for number in 1...4 {
        try sheet.beginRow()
        sheet.text("row \(number)".utf8)
        try sheet.endRow()
      }
      try sheet.finish(decimals: [0], tenantCurrency: "BRL")
      let file = try #require(try book.finish(["posts"]).file)
      let path = try environment.artifacts(StageOutput(files: [file]))[0].path
      let sheets = try read(path).sheets
      #expect(sheets.map(\.name) == ["Notas", "Notas (2)"])
      #expect(
        sheets.map { $0.rows.map { $0.values.map { $0[1] } } } == [
          [["Notas"], ["row 1"], ["row 2"]], [["Notas"], ["row 3"], ["row 4"]],
        ])
    }
  }

  /// The most memory of this process so far, in kilobytes.
  private var peak: Int {
    let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
    return String(decoding: status, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
  }

  @Test(.enabled(if: Seeds.isSoak, "slow: wants YEARBOOK_SOAK"))
  func `A million rows take no more memory than a thousand`() throws {
    try withTemporaryFolder { folder in
      try fixture.with { work, environment in
        let messages = ReportMessages(
          catalog: try PageTemplates.cached(folder: environment.templates).catalog,
          pipeline: work.pipeline.name, locale: "pt-BR", zone: work.tenant.zone)
        func write(_ rows: Int) throws -> StageOutput.File? {
          let book = AggregateWorkbook("x", work: work, messages: messages) { folder }
          let sheet = try book.sheet(
            of: "posts", columns: [("a", .text), ("b", .money), ("c", .time), ("d", .text)])
          for row in 1...rows {
            try sheet.beginRow()
            sheet.text("Proof of concept \(row) <b> & more".utf8)
            let amount = Array("\(row).\(row % 90 + 10)".utf8)
            sheet.number(
              amount[...], column: 1, currency: "BRL", separator: UInt8(ascii: ","))
            sheet.moment(ReportInstant("2026-03-0\(row % 9 + 1) 10:11:12+00"))
            sheet.text("Ateliê \(row % 97)".utf8)
            try sheet.endRow()
          }
          try sheet.finish(decimals: [0, 2, 0, 0], tenantCurrency: "BRL")
          return try book.finish(["posts"]).file
        }
        _ = try write(1000)
        let before = peak
        let clock = ContinuousClock()
        let took = try clock.measure { _ = try write(1_048_575) }
        print("1,048,575 rows of 4 cells: \(took), \((peak - before) / 1024) MB more memory")
        #expect(peak - before < 32 << 10)
      }
    }
  }
}
