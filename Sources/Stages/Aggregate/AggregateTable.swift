import Basics
import Diagnostics
import Pipelines

/// Writes the two files of one table and its sheet of the report's workbook, row by row, and its
/// totals.
///
/// For machines: RFC 4180, UTF-8, commas, CRLF, decimal points, ISO dates, terms as they are. For
/// spreadsheets: a byte order mark, semicolons, the locale's decimal separator, titles and terms in
/// the tenant's language, and a leading apostrophe on each text that a spreadsheet would read as a
/// formula (OWASP, “CSV Injection”).
final class AggregateTable {
  private struct Column {
    var index: Int
    var currencyIndex: Int?
    var model: ReportModel.Table.Column
    var title: String
    var isSummed: Bool
    var kind: Kind
    var sums: [String: DecimalNumber] = [:]
    var currencies: Set<String> = []
  }

  /// How a cell is written.
  private enum Kind { case number, weekday, boolean, term, plain, instant, text }

  let spec: TableSpec
  private var columns: [Column] = []
  private let machine: TableBytes
  private let spreadsheet: TableBytes?
  private let sheet: AggregateSheet?
  private let messages: ReportMessages
  private let decimalSeparator: UInt8
  private var terms: [String: [UInt8]] = [:]
  private var answers: [Bool: [UInt8]] = [:]
  private var rows = 0

  init(
    _ spec: TableSpec, reader: TableReader, types: [Dataset.Column], messages: ReportMessages,
    workbook: AggregateWorkbook? = nil, scratch: @escaping () -> String
  ) throws {
    self.spec = spec
    self.messages = messages
    decimalSeparator =
      messages.format.decimalSeparator == "," ? UInt8(ascii: ",") : UInt8(ascii: ".")
    machine = TableBytes { "\(scratch())/\(spec.name).csv" }
    spreadsheet = spec.publish.map { _ in TableBytes { "\(scratch())/\(spec.name).excel.csv" } }
    let chosen =
      spec.columns
      ?? reader.names.map {
        TableSpec.Column(name: $0, place: spec.place)
      }
    var columns: [Column] = []
    for column in chosen {
      let index = try reader.index(of: column.name)
      let type = types.first { $0.name == column.name }?.type ?? "text"
      do {
        columns.append(
          Column(
            index: index, currencyIndex: try column.currency.map(reader.index),
            model: .init(
              name: column.name, type: type, format: column.format ?? .standard(for: type),
              currency: column.currency, isHidden: column.isHidden, decimals: 0,
              plus: column.plus.isEmpty ? nil : column.plus),
            title: try Self.title(of: column.name, column.format ?? .standard(for: type), messages),
            isSummed: column.isSummed,
            kind: Self.kind(of: type, column.format ?? .standard(for: type))))
      } catch let error as Diagnostic {
        throw error.filling(column.place.subject)
      }
    }
    self.columns = columns
    sheet = try spec.publish.flatMap { _ in
      try workbook?.sheet(of: spec.name, columns: columns.map { ($0.title, $0.model.format) })
    }
    writeHeader()
  }

  /// A column's heading in the spreadsheet. A length is a number there, so its unit is told.
  private static func title(
    of name: String, _ format: ValueFormat, _ messages: ReportMessages
  ) throws -> String {
    let title = try messages.title("columns", name)
    return format == .duration
      ? "\(title) (\(try messages.optional("page", "seconds") ?? "s"))" : title
  }

  /// “Yes” or “no” in the tenant's language. Each is looked up once.
  private func answer(_ isTrue: Bool) throws -> [UInt8] {
    if let known = answers[isTrue] { return known }
    let text = Array(try messages.text(isTrue ? "page.yes" : "page.no").utf8)
    answers[isTrue] = text
    return text
  }

  func add(_ reader: TableReader) throws {
    rows += 1
    try sheet?.beginRow()
    for position in columns.indices {
      if position > 0 {
        machine.append(UInt8(ascii: ","))
        spreadsheet?.append(UInt8(ascii: ";"))
      }
      guard let field = reader[columns[position].index] else {
        sheet?.skip()
        continue
      }
      try write(field, position, reader)
    }
    machine.append(AggregateTable.lineEnd)
    spreadsheet?.append(AggregateTable.lineEnd)
    try machine.spill()
    try spreadsheet?.spill()
    try sheet?.endRow()
  }

  /// The finished files, and the table's part of the report model.
  func finish(
    tenantCurrency: String
  ) throws -> (model: ReportModel.Table, files: [StageOutput.File]) {
    try sheet?.finish(decimals: columns.map(\.model.decimals), tenantCurrency: tenantCurrency)
    let machineName = spec.machineName
    let model = ReportModel.Table(
      name: spec.name, rows: rows, show: spec.show, layout: spec.layout, file: machineName,
      spreadsheet: spec.publish.map { "\($0).excel.csv" },
      columns: columns.map { column in
        var model = column.model
        if !column.currencies.isEmpty { model.currencies = column.currencies.sorted() }
        if column.isSummed { model.sums = sums(column, tenantCurrency: tenantCurrency) }
        return model
      }, by: spec.by, count: spec.count, picture: spec.picture, body: spec.body,
      search: spec.search.isEmpty ? nil : spec.search, pages: spec.pages)
    var files = [
      StageOutput.File(
        name: machineName, mediaType: "text/csv", isPublished: spec.publish != nil,
        table: TableDescription(
          schemaJSON: TableSchema(columns.map { ($0.model.name, $0.model) }).json,
          dialectJSON: TableDialect(delimiter: ",").json, rows: rows),
        content: try machine.finish())
    ]
    if let spreadsheet, let name = model.spreadsheet {
      files.append(
        StageOutput.File(
          name: name, mediaType: "text/csv",
          table: TableDescription(
            schemaJSON: TableSchema(
              columns.map { ($0.title, $0.model) }, forPeople: true,
              decimalChar: messages.format.decimalSeparator,
              answers: try columns.contains { $0.kind == .boolean }
                ? (messages.text("page.yes"), messages.text("page.no")) : nil
            ).json,
            dialectJSON: TableDialect(delimiter: ";").json, rows: rows, encoding: "utf-8-sig"),
          content: try spreadsheet.finish()))
    }
    return (model, files)
  }

  private static let lineEnd: [UInt8] = [13, 10]

  private func writeHeader() {
    spreadsheet?.append([0xEF, 0xBB, 0xBF])
    for (position, column) in columns.enumerated() {
      if position > 0 {
        machine.append(UInt8(ascii: ","))
        spreadsheet?.append(UInt8(ascii: ";"))
      }
      machine.append(column.model.name.utf8)
      if let spreadsheet { TableCell.writeForPeople(Array(column.title.utf8), to: spreadsheet) }
    }
    machine.append(AggregateTable.lineEnd)
    spreadsheet?.append(AggregateTable.lineEnd)
  }

  private func writeNumber(
    _ field: ArraySlice<UInt8>, _ position: Int, _ reader: TableReader
  ) throws {
    guard let value = DecimalNumber(bytes: field) else {
      throw reader.malformed(
        "has a value that is not a number in '\(columns[position].model.name)'")
    }
    machine.append(field)
    spreadsheet?.append(
      field.lazy.map { [decimalSeparator] in $0 == UInt8(ascii: ".") ? decimalSeparator : $0 })
    columns[position].model.decimals = max(columns[position].model.decimals, value.trimmed.scale)
    let currency = columns[position].currencyIndex.flatMap { reader.text($0) } ?? ""
    sheet?.number(field, column: position, currency: currency, separator: decimalSeparator)
    if !currency.isEmpty, columns[position].currencies.count < 4 {
      columns[position].currencies.insert(currency)
    }
    guard columns[position].isSummed else { return }
    do {
      columns[position].sums[currency] =
        try value + (columns[position].sums[currency] ?? .zero)
    } catch {
      throw reader.malformed("overflows the sum (38 digits)")
    }
  }

  private static func kind(of type: String, _ format: ValueFormat) -> Kind {
    if format.isNumber || format == .hour { return .number }
    if format == .weekday { return .weekday }
    if type == "timestamptz" || type == "timestamp with time zone" { return .instant }
    return switch format {
    case .boolean: .boolean
    case .term: .term
    case .date, .month: .plain
    default: .text
    }
  }

  private func write(
    _ field: ArraySlice<UInt8>, _ position: Int, _ reader: TableReader
  ) throws {
    switch columns[position].kind {
    case .number: try writeNumber(field, position, reader)
    case .instant: writeInstant(field)
    case .weekday:
      guard let day = DecimalNumber(bytes: field) else {
        throw reader.malformed(
          "has a value that is not a number in '\(columns[position].model.name)'")
      }
      machine.append(field)
      if let spreadsheet {
        let name = day.integer.flatMap(messages.format.weekdayName) ?? day.description
        TableCell.writeForPeople(Array(name.utf8), to: spreadsheet)
        sheet?.text(name.utf8)
      }
    case .boolean:
      let isTrue = field.first == UInt8(ascii: "t")
      machine.append((isTrue ? "true" : "false").utf8)
      if let spreadsheet {
        TableCell.writeForPeople(try answer(isTrue), to: spreadsheet)
      }
      sheet?.boolean(isTrue)
    case .term:
      TableCell.write(field, delimiter: UInt8(ascii: ","), to: machine)
      let word = try term(field, columns[position].model.name, reader)
      if let spreadsheet { TableCell.writeForPeople(word, to: spreadsheet) }
      sheet?.text(word[...])
    case .plain:
      machine.append(field)
      spreadsheet?.append(field)
      sheet?.day(field, column: position)
    case .text:
      TableCell.write(field, delimiter: UInt8(ascii: ","), to: machine)
      if let spreadsheet { TableCell.writeForPeople(field, to: spreadsheet) }
      sheet?.text(field)
    }
  }

  /// In UTC for machines, in the tenant's time zone for people.
  private func writeInstant(_ field: ArraySlice<UInt8>) {
    TableCell.writeInstant(field, to: machine)
    guard let spreadsheet else { return }
    let instant = ReportInstant(bytes: field)
    sheet?.moment(instant)
    guard let instant else { return }
    let local = instant.local(in: messages.zone)
    spreadsheet.append("\(local.day) \(local.clock)".utf8)
  }

  /// The text of a term. Each term is looked up once.
  private func term(
    _ field: ArraySlice<UInt8>, _ column: String, _ reader: TableReader
  ) throws -> [UInt8] {
    let word = String(decoding: field, as: UTF8.self)
    let key = "\(column)\u{0}\(word)"
    if let known = terms[key] { return known }
    let text: [UInt8]
    do throws(Diagnostic) {
      text = Array(try messages.term(word, column: column).utf8)
    } catch {
      var error = error
      error.message = "\(reader.rowLabel): \(error.message)"
      throw error
    }
    terms[key] = text
    return text
  }

  private func sums(_ column: Column, tenantCurrency: String) -> [ReportModel.Amount] {
    let isMoney = column.model.format == .money
    if column.sums.isEmpty {
      // Without amounts the sum is zero. If no row has a value of a length or count, the sum is
      // unknown.
      let value: DecimalNumber? = isMoney || rows == 0 ? .zero : nil
      return [.init(currency: isMoney ? tenantCurrency : nil, value: value)]
    }
    return column.sums.sorted {
      ($0.key == tenantCurrency ? 0 : 1, $0.key) < ($1.key == tenantCurrency ? 0 : 1, $1.key)
    }.map { currency, value in
      let own = currency.isEmpty ? tenantCurrency : currency
      return .init(currency: isMoney ? own : nil, value: value)
    }
  }
}

extension TableSpec {
  /// The file with all rows, for machines and for making the page.
  var machineName: String { publish.map { "\($0).csv" } ?? "\(name).rows.csv" }
}
