import Basics
import Foundation
import TestSupport
import Testing

@testable import Sheets

/// A workbook as readers that are not ours find it (`Tests/Fixtures/sheet_judge.py`).
@Suite(.enabled(if: Places.program("python3") != nil, "Python is not installed"))
struct WorkbookTests {
  private struct Found: Decodable {
    struct Sheet: Decodable {
      var name: String
      /// Kind, value and format of each cell, by its place.
      var rows: [[String: [String]]]
      var widths: [Double]
      var filter: [String]
      var frozen: [String]
      var others: [String]
    }
    var parts: [String]
    var sheets: [Sheet]
    var properties: String
  }

  private func workbook(
    _ folder: String, mostRows: Int = Sheet.mostRows, _ fill: (Workbook) throws -> [Sheet]
  ) throws -> [UInt8] {
    let book = Workbook(
      title: "Things <of> \"2026\"", language: "en", mostRows: mostRows, scratch: { folder })
    let sheets = try fill(book)
    for sheet in sheets { try sheet.finish() }
    switch try #require(try book.finish(sheets)) {
    case .bytes(let bytes): return bytes
    case .file(let path): return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
  }

  private func read(_ bytes: [UInt8], in folder: String) throws -> Found {
    let path = "\(folder)/read.xlsx"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    let (status, output) = try Program.run([
      try #require(Places.program("python3")), "\(Places.project)/Tests/Fixtures/sheet_judge.py",
      "parts", path,
    ])
    try #require(status == 0, "\(output)")
    return try JSONDecoder().decode(Found.self, from: Data(output.utf8))
  }

  @Test func `A text stays the text that it is, whatever it begins with`() throws {
    let texts = [
      "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://example.org\")", "'", "",
      " blanks ", "two\nlines", "<b>&amp;</b>", "_x0041_", "__x0041__", "_xyz_", "😀👩‍👩‍👧", "שלום עולם",
      "\u{202E}turned", "e\u{301}", "007", "1e5", "2026-01-01", "TRUE", "]]>", "\u{85}",
    ]
    try withTemporaryFolder { folder in
      let bytes = try workbook(folder) { book in
        let sheet = try book.sheet("Texts", headings: ["=heading"])
        for text in texts {
          sheet.text(Array(text.utf8)[...])
          try sheet.endRow()
        }
        return [sheet]
      }
      let sheet = try #require(try read(bytes, in: folder).sheets.first)
      #expect(sheet.others.isEmpty)
      #expect(sheet.rows[0]["A1"] == ["inlineStr", "=heading", "49"])
      for (index, text) in texts.enumerated() {
        // 49 is the format of texts: a cell that is edited stays one.
        #expect(
          sheet.rows[index + 1]["A\(index + 2)"]
            == (text.isEmpty ? nil : ["inlineStr", text, "49"]))
      }
      #expect(sheet.frozen == ["1"])
      #expect(sheet.filter == ["A1:A\(texts.count + 1)"])
    }
  }

  @Test func `What XML cannot hold is replaced, and a text that is too long is cut`() throws {
    let long = String(repeating: "é", count: 40_000)
    let pairs: [([UInt8], String)] = [
      (Array("a\u{1}b\u{1F}\u{7F}".utf8), "a\u{FFFD}b\u{FFFD}\u{FFFD}"),
      (Array("\u{FFFE}\u{FFFF}\u{10FFFF}".utf8), "\u{FFFD}\u{FFFD}\u{10FFFF}"),
      // A lone surrogate, and a byte that begins nothing.
      ([0x61, 0xED, 0xA0, 0x80, 0x62], "a\u{FFFD}\u{FFFD}\u{FFFD}b"), ([0xFF], "\u{FFFD}"),
      (Array("a\r\nb\rc".utf8), "a\nb\nc"),
      (Array(long.utf8), String(long.prefix(32_766)) + "…"),
      (Array(String(repeating: "x", count: 32_767).utf8), String(repeating: "x", count: 32_767)),
      // No half of a pair is left.
      (
        Array(String(repeating: "😀", count: 16_384).utf8),
        String(repeating: "😀", count: 16_383) + "…"
      ),
    ]
    try withTemporaryFolder { folder in
      var cuts = 0
      let bytes = try workbook(folder) { book in
        let sheet = try book.sheet("Texts", headings: ["a"])
        for (text, _) in pairs {
          sheet.text(text[...])
          try sheet.endRow()
        }
        cuts = sheet.cuts
        return [sheet]
      }
      #expect(cuts == 2)
      let sheet = try #require(try read(bytes, in: folder).sheets.first)
      for (index, pair) in pairs.enumerated() {
        #expect(sheet.rows[index + 1]["A\(index + 2)"]?[1] == pair.1)
      }
    }
  }

  @Test func `A number has all its digits, or is a text`() throws {
    let numbers = [
      ("0", true), ("-0.50", true), ("999999999999999", true), ("1234567890123456", false),
      ("9007199254740993", false), ("1234567890123450", true), ("0.000000000000001", true),
      ("1234567890123.45", true), ("12345678901234.56", false), ("12345678901234.500", true),
      ("-99999999999999999999999999999999999999", false), ("100000000000000000000", true),
    ]
    try withTemporaryFolder { folder in
      let bytes = try workbook(folder) { book in
        let sheet = try book.sheet("Numbers", headings: ["n"])
        let style = book.style("#,##0.00", width: 3)
        for (number, _) in numbers {
          sheet.number(Array(number.utf8)[...], style) {
            number.utf8.map { $0 == UInt8(ascii: ".") ? UInt8(ascii: ",") : $0 }
          }
          try sheet.endRow()
        }
        return [sheet]
      }
      let sheet = try #require(try read(bytes, in: folder).sheets.first)
      for (index, (number, isNumber)) in numbers.enumerated() {
        #expect(
          sheet.rows[index + 1]["A\(index + 2)"]
            == (isNumber
              ? ["n", number, "#,##0.00"]
              : ["inlineStr", number.replacing(".", with: ","), "49"]))
        // What is a number survives a binary one with the digits that spreadsheets keep.
        if isNumber, let binary = Double(number) {
          let kept = String(format: "%.14e", binary)
          #expect(Decimal(string: kept) == Decimal(string: number), "\(number)")
        }
      }
    }
  }

  @Test func `Days and moments are numbers of Excel's calendar`() throws {
    let days: [(String, Int?, [String])] = [
      ("1900-02-28", nil, ["inlineStr", "1900-02-28", "49"]),
      ("1900-03-01", nil, ["n", "61", "d"]),
      ("2026-11-20", nil, ["n", "46346", "d"]), ("9999-12-31", nil, ["n", "2958465", "d"]),
      ("2026-11-20", 0, ["n", "46346", "d"]),
      ("2026-11-20", 43_200, ["n", "46346.5000000000", "d"]),
      ("2026-11-20", 86_399, ["n", "46346.9999884259", "d"]),
    ]
    try withTemporaryFolder { folder in
      let bytes = try workbook(folder) { book in
        let sheet = try book.sheet("Days", headings: ["d"])
        let style = book.style("d", width: 10)
        for (day, second, _) in days {
          sheet.day(try #require(CivilDate(day)), second: second, style) { Array(day.utf8) }
          try sheet.endRow()
        }
        sheet.boolean(true)
        try sheet.endRow()
        return [sheet]
      }
      let sheet = try #require(try read(bytes, in: folder).sheets.first)
      for (index, (_, _, cell)) in days.enumerated() {
        #expect(sheet.rows[index + 1]["A\(index + 2)"] == cell)
      }
      #expect(sheet.rows.last?["A\(days.count + 2)"] == ["b", "1", ""])
    }
  }

  /// Every second of a day comes back from the ten decimals that a moment has.
  @Test func `No second of a day is lost in a moment`() {
    for second in 0..<86_400 {
      let part = (second * 10_000_000_000 + 43_200) / 86_400
      let number = 46_346 + Double(part) / 1e10
      #expect((number.truncatingRemainder(dividingBy: 1) * 86_400).rounded() == Double(second))
    }
  }

  @Test func `The same cells give the same bytes, in memory and in files, and leave nothing`()
    throws
  {
    func fill(_ book: Workbook) throws -> [Sheet] {
      let style = book.style("0.00", width: 3)
      return try (1...2).map { number in
        let sheet = try book.sheet("Sheet", headings: ["a", "b", "c"])
        var random = SeededRandom(seed: UInt64(number))
        for _ in 0..<30_000 {
          sheet.number(Array(String(random.next() >> 20).utf8)[...], style) { [] }
          sheet.skip()
          sheet.text(Array(String(random.next(), radix: 36).utf8)[...])
          try sheet.endRow()
        }
        return sheet
      }
    }
    try withTemporaryFolder { folder in
      let first = try workbook(folder, fill)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["workbook.xlsx"])
      #expect(first.count > 1 << 20)
      try FileManager.default.removeItem(atPath: "\(folder)/workbook.xlsx")
      #expect(try workbook(folder, fill) == first)
      let found = try read(first, in: folder)
      #expect(found.sheets.map(\.name) == ["Sheet", "Sheet (2)"])
      #expect(found.sheets.allSatisfy { $0.rows.count == 30_001 })
      for word in ["creator", "lastModifiedBy", "created", "modified"] {
        #expect(!found.properties.contains(word))
      }
    }
  }

  @Test func `A name of a sheet is one that spreadsheets allow, and there only once`() {
    let names = SheetNames.unique([
      "POCs", "pocs", "POCS", "Días/meses: [¿cuántos?] *\\*", "'quoted'", "", "History",
      String(repeating: "x", count: 40), String(repeating: "x", count: 40),
      String(repeating: "😀", count: 20),
    ])
    #expect(
      names == [
        "POCs", "pocs (2)", "POCS (3)", "Días-meses- (¿cuántos-) ---", "quoted", "-",
        "History (2)", String(repeating: "x", count: 31),
        String(repeating: "x", count: 27) + " (2)", String(repeating: "😀", count: 15),
      ])
    #expect([0, 25, 26, 701, 702].map(Sheet.letters) == ["A", "Z", "AA", "ZZ", "AAA"])
  }

  @Test func `A full sheet says so`() throws {
    try withTemporaryFolder { folder in
      _ = try workbook(folder, mostRows: 3) { book in
        let sheet = try book.sheet("Rows", headings: ["a"])
        #expect(!sheet.isFull)
        try sheet.endRow()
        #expect(!sheet.isFull)
        try sheet.endRow()
        #expect(sheet.isFull)
        return [sheet]
      }
    }
  }
}
