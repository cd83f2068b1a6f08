import Diagnostics
import Markup
import Pipelines

/// One page of rows of a long table.
struct PageRows {
  var table: ReportModel.Table
  /// Its number, from 1.
  var number: Int
  var count: Int
  /// The indices of its rows, from 0.
  var rows: Range<Int>
  var markup: [UInt8]

  /// `pocs-12.html`
  var name: String { PageRows.name(table, number) }

  static func name(_ table: ReportModel.Table, _ number: Int) -> String {
    "\(table.name.replacing("_", with: "-"))-\(number).html"
  }

  /// The names of all of a table's pages.
  static func names(_ table: ReportModel.Table) -> [String] {
    guard table.hasPages, let size = table.pages else { return [] }
    return (1...((table.rows + size - 1) / size)).map { name(table, $0) }
  }
}

/// A link to a page of rows; the label names its first and last row.
struct PageRowsLink: Sendable {
  var address: String
  var label: String
}

/// Reads a long table page by page. Memory holds one page.
final class PageRowsReader {
  private let table: ReportModel.Table
  private let page: PageTable
  private let reader: TableReader
  private let size: Int
  private let count: Int
  private var number = 0

  init(_ table: ReportModel.Table, _ page: PageTable, path: String) throws {
    self.table = table
    self.page = page
    size = max(1, table.pages ?? table.rows)
    count = (table.rows + size - 1) / size
    reader = try TableReader(path: path, label: table.name)
  }

  /// The next page; `nil` after the last.
  func next() throws -> PageRows? {
    guard number < count else { return nil }
    number += 1
    let first = reader.rowNumber
    var writer = MarkupWriter()
    try page.write(reader, limit: size, isWhole: false, &writer)
    return PageRows(
      table: table, number: number, count: count, rows: first..<reader.rowNumber,
      markup: writer.bytes)
  }
}
