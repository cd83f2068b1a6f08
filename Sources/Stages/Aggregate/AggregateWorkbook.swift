import Basics
import Diagnostics
import Pipelines
import Sheets

/// Makes the workbook of a report: a sheet for each published table, with the cells of its CSV
/// files.
final class AggregateWorkbook {
  /// The name of its file.
  let name: String
  fileprivate let messages: ReportMessages
  fileprivate let workbook: Workbook
  private var tables: [String: AggregateSheet] = [:]
  fileprivate lazy var day = style(messages.format.sheetDay)
  fileprivate lazy var month = style(messages.format.sheetMonth)
  fileprivate lazy var moment = style(messages.format.sheetMoment)

  /// - Parameters:
  ///   - spec: the name of its file without `.xlsx`.
  ///   - mostRows: how many rows a sheet takes; fewer only in tests.
  init(
    _ spec: String, work: PartitionWork, messages: ReportMessages, mostRows: Int = Sheet.mostRows,
    scratch: @escaping () -> String
  ) {
    name = "\(spec).xlsx"
    self.messages = messages
    // Nothing that a tenant typed: a file is passed on with its properties.
    workbook = Workbook(
      title: "\(work.pipeline.title(for: messages.locale)) \(messages.format.period(work.period))",
      language: messages.locale, isRightToLeft: messages.format.isRightToLeft, mostRows: mostRows,
      scratch: scratch)
  }

  /// The sheet of a table, with these columns.
  func sheet(
    of table: String, columns: [(title: String, format: ValueFormat)]
  ) throws -> AggregateSheet {
    let sheet = try AggregateSheet(
      self, title: messages.title("tables", table), columns: columns)
    tables[table] = sheet
    return sheet
  }

  fileprivate func style(_ format: (code: String, width: Int)) -> CellStyle {
    workbook.style(format.code, width: format.width)
  }

  /// The finished workbook with the sheets of these tables, and what a reader of it does not see.
  ///
  /// - Returns: no file if no table has a sheet.
  func finish(_ order: [String]) throws -> (file: StageOutput.File?, warnings: [Warning]) {
    let found = order.compactMap { table in tables[table].map { (table, $0.sheets) } }
    var warnings: [Warning] = []
    for (table, sheets) in found {
      let cuts = sheets.reduce(0) { $0 + $1.cuts }
      guard cuts > 0 else { continue }
      warnings.append(
        Warning(
          code: "cut", subject: "table \(table)",
          message: "\(Counted.text(cuts, "text")) longer than a cell of a workbook, 32,767"
            + " characters: cut in '\(name)', whole in the CSV files"))
    }
    let sheets = found.flatMap(\.1)
    guard !sheets.isEmpty else { return (nil, warnings) }
    guard let content = try workbook.finish(sheets) else {
      warnings.append(
        Warning(
          code: "left-out", subject: "workbook",
          message: "'\(name)' would be larger than 4 GiB: it is not made, the CSV files have all"))
      return (nil, warnings)
    }
    let made: StageOutput.Content =
      switch content {
      case .bytes(let bytes): .bytes(bytes)
      case .file(let path): .file(path)
      }
    return (.init(name: name, mediaType: Workbook.mediaType, content: made), warnings)
  }
}

/// The sheet of one table, or several if one cannot take all rows.
final class AggregateSheet {
  private struct Column {
    var format: ValueFormat
    /// By the currency of the amounts.
    var styles: [String: CellStyle] = [:]
  }

  fileprivate private(set) var sheets: [Sheet]
  private let book: AggregateWorkbook
  private let title: String
  private let headings: [String]
  private var columns: [Column]
  private var sheet: Sheet

  fileprivate init(
    _ book: AggregateWorkbook, title: String, columns: [(title: String, format: ValueFormat)]
  ) throws {
    self.book = book
    self.title = title
    self.columns = columns.map { Column(format: $0.format) }
    headings = columns.map(\.title)
    sheet = try book.workbook.sheet(title, headings: headings)
    sheets = [sheet]
  }

  /// A cell without a value.
  func skip() { sheet.skip() }

  func text(_ text: some Sequence<UInt8>) { sheet.text(Array(text)[...]) }
  func text(_ text: ArraySlice<UInt8>) { sheet.text(text) }
  func boolean(_ isTrue: Bool) { sheet.boolean(isTrue) }

  /// - Parameter currency: that of an amount, `""` if its row names none.
  func number(_ digits: ArraySlice<UInt8>, column: Int, currency: String, separator: UInt8) {
    sheet.number(digits, style(of: column, currency)) {
      digits.map { $0 == UInt8(ascii: ".") ? separator : $0 }
    }
  }

  /// A day as PostgreSQL prints it, or what it prints instead of one.
  func day(_ text: ArraySlice<UInt8>, column: Int) {
    guard let day = CivilDate(bytes: text) else { return sheet.text(text) }
    sheet.day(day, columns[column].format == .month ? book.month : book.day) { Array(text) }
  }

  /// A moment, in the tenant's time zone; no value if it is none, as in the file for people.
  func moment(_ instant: ReportInstant?) {
    guard let instant else { return sheet.skip() }
    let (day, second) = book.messages.zone.civil(instant.seconds)
    sheet.day(day, second: second, book.moment) {
      let local = instant.local(in: book.messages.zone)
      return Array("\(local.day) \(local.clock)".utf8)
    }
  }

  func endRow() throws {
    try sheet.endRow()
    guard sheet.isFull else { return }
    // It goes on with the next row only: a last sheet without rows would be odd.
    isWaiting = true
  }

  /// Whether the next row begins a new sheet.
  private var isWaiting = false

  /// Begins a row.
  func beginRow() throws {
    guard isWaiting else { return }
    isWaiting = false
    try sheet.finish()
    sheet = try book.workbook.sheet(title, headings: headings)
    sheets.append(sheet)
  }

  /// - Parameter decimals: how many decimals each column's values have at most.
  /// - Parameter tenantCurrency: the currency of amounts whose rows name none.
  func finish(decimals: [Int], tenantCurrency: String) throws {
    for (column, decimals) in zip(columns, decimals) {
      for (currency, style) in column.styles {
        (style.code, style.width) = look(
          column.format, decimals: min(decimals, 15),
          currency: currency.isEmpty ? tenantCurrency : currency)
      }
    }
    try sheet.finish()
  }

  private func look(
    _ format: ValueFormat, decimals: Int, currency: String
  ) -> (code: String, width: Int) {
    switch format {
    case .money:
      book.messages.format.sheetMoney(
        currency: currency, decimals: max(decimals, LocaleFormat.decimals(of: currency)))
    case .percent: ("0.0%", 5)
    case .hour: ("0", 0)
    default: (LocaleFormat.sheetNumber(decimals: decimals), decimals + 1)
    }
  }

  private func style(of column: Int, _ currency: String) -> CellStyle {
    if let known = columns[column].styles[currency] { return known }
    // The code is known when all values are.
    let style = book.workbook.style("0", width: 0)
    columns[column].styles[currency] = style
    return style
  }
}
