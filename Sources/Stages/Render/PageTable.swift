import Basics
import Diagnostics
import Glibc
import Markup
import Pipelines

/// Writes a table's markup directly from its file, row by row.
///
/// If `NAME` is NULL, the cell shows the term in the column `NAME_is`, which is not shown itself.
/// If all amounts have one currency, the header shows it once.
struct PageTable {
  let table: ReportModel.Table
  let title: String
  let messages: ReportMessages
  /// Object key to picture.
  var pictures: [ExactText: PagePicture] = [:]

  /// A shown column. A class, because it is passed for each cell.
  final class Shown {
    let column: ReportModel.Table.Column
    let index: Int
    let title: String
    let standIn: (index: Int, column: String)?
    let plus: [(index: Int, column: String)]
    /// The markup at the beginning of each of its cells.
    let cellStart: [UInt8]

    init(
      column: ReportModel.Table.Column, index: Int, title: String,
      standIn: (index: Int, column: String)?, plus: [(index: Int, column: String)],
      cellStart: [UInt8]
    ) {
      self.column = column
      self.index = index
      self.title = title
      self.standIn = standIn
      self.plus = plus
      self.cellStart = cellStart
    }
  }

  func markup(path: String) throws -> [UInt8] {
    let reader = try TableReader(path: path, label: table.name)
    var writer = MarkupWriter(capacity: 4 * reader.firstBytes)
    try write(reader, limit: table.show, isWhole: true, &writer)
    return writer.bytes
  }

  /// Writes the reader's next rows.
  ///
  /// - Parameter isWhole: whether the rows are the whole table, so that its sums follow.
  func write(
    _ reader: TableReader, limit: Int, isWhole: Bool, _ writer: inout MarkupWriter
  ) throws {
    let columns = try shown(reader)
    switch table.layout {
    case .list: return try writeList(reader, limit: limit, &writer)
    case .cards: return try writeCards(reader, columns, limit: limit, &writer)
    case .rows, .statement: break
    }
    writeSearch(columns, rows: min(limit, table.rows - reader.rowNumber), &writer)
    writer.raw("<div class=\"table\" role=\"region\" tabindex=\"0\"")
    writer.attribute("aria-label", title)
    writer.raw("><table")
    if isSearched { writer.attribute("id", rowsID) }
    writer.raw(table.layout == .statement ? " class=\"statement\"" : " class=\"rows\"")
    writer.raw("><caption>")
    writer.text(title)
    writer.raw("</caption>\n")
    if table.layout == .rows {
      try writeRows(reader, columns, limit: limit, &writer)
      if isWhole { try writeSums(columns, &writer) }
    } else {
      try writeStatement(reader, columns, &writer)
    }
    writer.raw("</table></div>\n")
  }

  /// Whether a reader can search these rows. Without scripts the search field is hidden.
  var isSearched: Bool { table.layout == .rows && table.rows > 1 && !(table.search ?? []).isEmpty }
  private var rowsID: String { "rows-" + table.name.replacing("_", with: "-") }

  private func writeSearch(_ columns: [Shown], rows: Int, _ writer: inout MarkupWriter) {
    guard isSearched else { return }
    let places = (table.search ?? []).compactMap { name in
      columns.firstIndex { $0.column.name == name }
    }
    let names = places.map { columns[$0].title }.joined(separator: ", ")
    writer.raw("<div class=\"search\" hidden=\"hidden\"")
    writer.attribute("data-rows", rowsID)
    writer.attribute("data-columns", places.map(String.init).joined(separator: " "))
    writer.raw("><label>")
    writer.text(searchTexts.label)
    writer.raw(" <input type=\"search\" autocomplete=\"off\" spellcheck=\"false\"")
    writer.attribute("placeholder", names)
    writer.raw(" /></label> <output")
    writer.attribute(
      "data-found",
      searchTexts.found.replacing("{rows}", with: messages.format.integer(rows)))
    writer.raw("></output></div>\n")
  }

  /// The label of the search field, and the text about the rows that were found: `{shown}` and
  /// `{rows}`.
  private var searchTexts: (label: String, found: String) {
    func plain(_ key: String) -> String {
      guard case .text(let text)? = messages.catalog.message(key, locale: messages.locale) else {
        return ""
      }
      return text
    }
    return (plain("page.search"), plain("page.found"))
  }

  private func shown(_ reader: TableReader) throws -> [Shown] {
    let names = table.columns.map(\.name)
    let single = Set(table.columns.compactMap(\.currencies).flatMap { $0 }).count <= 1
    let currencies = Set(table.columns.compactMap(\.currency))
    return try table.columns.enumerated().compactMap { index, column in
      if column.isHidden { return nil }
      if column.name.hasSuffix("_is"), names.contains(String(column.name.dropLast(3))) {
        return nil
      }
      // A single currency is shown in the headers.
      if single, currencies.contains(column.name), table.layout == .rows { return nil }
      let standIn = names.firstIndex(of: column.name + "_is").map { ($0, column.name + "_is") }
      var title = try messages.title("columns", column.name)
      if single, table.layout == .rows, let unit = unit(of: column) { title += " (\(unit))" }
      var cell = MarkupWriter()
      cell.raw("<td")
      if let kind = Self.kind(of: column) { cell.attribute("class", kind) }
      cell.attribute("data-l", title)
      cell.raw(">")
      return Shown(
        column: column, index: index, title: title, standIn: standIn,
        plus: try (column.plus ?? []).map { (try reader.index(of: $0), $0) },
        cellStart: cell.bytes)
    }
  }

  /// The style class of a column: `n` aligns numbers, `d` keeps a day on one line.
  private static func kind(of column: ReportModel.Table.Column) -> String? {
    if column.format.isNumber { return "n" }
    return column.format == .date || column.format == .time ? "d" : nil
  }

  /// The symbol of a column's only currency.
  private func unit(of column: ReportModel.Table.Column) -> String? {
    guard column.format == .money, let currency = column.currencies?.first else { return nil }
    return messages.format.symbol(of: currency)
  }

  private func writeRows(
    _ reader: TableReader, _ columns: [Shown], limit: Int, _ writer: inout MarkupWriter
  ) throws {
    writer.raw("<thead><tr>")
    for column in columns {
      writer.raw(isNumber(column.column) ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">")
      writer.text(column.title)
      writer.raw("</th>")
    }
    writer.raw("</tr></thead><tbody>\n")
    var shown = 0
    var known = [KnownCells](repeating: KnownCells(), count: columns.count)
    while shown < limit, try reader.next() {
      shown += 1
      writer.raw("<tr>")
      for place in columns.indices {
        writer.raw(bytes: columns[place].cellStart)
        try writeCell(reader, columns[place], &writer, &known[place])
        writer.raw("</td>")
      }
      writer.raw("</tr>\n")
    }
    if shown == 0 {
      writer.raw("<tr><td class=\"none\"")
      writer.attribute("colspan", String(columns.count))
      writer.raw(">")
      writer.text(try messages.text("page.no_rows"))
      writer.raw("</td></tr>\n")
    }
    writer.raw("</tbody>")
  }

  /// One line of totals per currency, if a column is summed.
  private func writeSums(_ columns: [Shown], _ writer: inout MarkupWriter) throws {
    guard table.rows > 0, columns.contains(where: { $0.column.sums != nil }) else { return }
    var lines: [String?] = []
    for amount in columns.flatMap({ $0.column.sums ?? [] })
    where !lines.contains(amount.currency) { lines.append(amount.currency) }
    // Counts have no currency. They share the line of a single currency; with several currencies,
    // they have their own line before them.
    let hasCounts = lines.contains(nil)
    lines.removeAll { $0 == nil }
    if lines.isEmpty || (hasCounts && lines.count > 1) { lines.insert(nil, at: 0) }
    writer.raw("<tfoot>")
    for line in lines {
      writer.raw("<tr>")
      for (place, column) in columns.enumerated() {
        let amount = column.column.sums?.first {
          $0.currency == line || (lines.count == 1 && $0.currency == nil)
        }
        if place == 0, amount == nil {
          writer.raw("<th scope=\"row\">")
          let total = try messages.text("page.total")
          writer.text(lines.count > 1 && line != nil ? "\(total) (\(line ?? ""))" : total)
          writer.raw("</th>")
        } else {
          writer.raw("<td class=\"n\"")
          if let amount {
            writer.attribute("data-l", column.title)
            writer.raw(">")
            writer.text(try amount.value.map { try number($0, column.column) } ?? "–")
          } else {
            writer.raw(">")
          }
          writer.raw("</td>")
        }
      }
      writer.raw("</tr>")
    }
    writer.raw("</tfoot>")
  }

  private func writeStatement(
    _ reader: TableReader, _ columns: [Shown], _ writer: inout MarkupWriter
  ) throws {
    var rows: [[String]] = []
    while rows.count < table.show, try reader.next() {
      rows.append(
        try columns.map { column in
          guard let text = reader.text(column.index) else { return "–" }
          if let value = DecimalNumber(text), isNumber(column.column) {
            return try number(value, column.column)
          }
          return try ReportValue(messages).text(
            text, column.column.format, column: column.column.name)
        })
    }
    // Columns of text, such as the currency, are the headings of the numbers.
    let heads = columns.indices.filter { !isNumber(columns[$0].column) }
    writer.raw("<thead><tr><td></td>")
    for row in rows {
      writer.raw("<th scope=\"col\" class=\"n\"><bdi>")
      writer.text(heads.map { row[$0] }.joined(separator: " "))
      writer.raw("</bdi></th>")
    }
    writer.raw("</tr></thead><tbody>\n")
    for (place, column) in columns.enumerated() where !heads.contains(place) {
      writer.raw("<tr><th scope=\"row\">")
      writer.text(column.title)
      writer.raw("</th>")
      for row in rows { writer.element("td", class: "n", row[place]) }
      writer.raw("</tr>\n")
    }
    writer.raw("</tbody>")
  }

  func writeCell(
    _ reader: TableReader, _ column: Shown, _ writer: inout MarkupWriter
  ) throws {
    var known = KnownCells()
    try writeCell(reader, column, &writer, &known)
  }

  /// The formatted texts of a column's last eight different values. Most columns hold few different
  /// values, or the same value several times in a row.
  private struct KnownCells {
    private var fields: [[UInt8]] = []
    private var texts: [[UInt8]] = []
    private var oldest = 0

    func text(of field: ArraySlice<UInt8>) -> [UInt8]? {
      field.withUnsafeBytes { field in
        guard let start = field.baseAddress else { return nil }
        for place in fields.indices where fields[place].count == field.count {
          let isSame = fields[place].withUnsafeBytes { known in
            known.baseAddress.map { memcmp($0, start, field.count) == 0 } ?? true
          }
          if isSame { return texts[place] }
        }
        return nil
      }
    }

    mutating func keep(_ text: [UInt8], of field: [UInt8]) {
      if fields.count < 8 {
        fields.append(field)
        texts.append(text)
      } else {
        fields[oldest] = field
        texts[oldest] = text
        oldest = (oldest + 1) % 8
      }
    }
  }

  /// - Parameter known: the known cells of this column.
  private func writeCell(
    _ reader: TableReader, _ column: Shown, _ writer: inout MarkupWriter,
    _ known: inout KnownCells
  ) throws {
    guard let field = reader[column.index] else {
      if let standIn = column.standIn, let word = reader.text(standIn.index) {
        writer.element("em", try messages.term(word, column: standIn.column))
      } else if try !writePlus(reader, column, isFirst: true, &writer) {
        writer.raw("–")
      }
      return
    }
    switch column.column.format {
    case .text, .words:
      // A name can run from right to left. It must not change the order of its neighbours.
      writer.raw("<bdi>")
      if column.column.format == .words {
        var isFirst = true
        var rest = field
        while !rest.isEmpty {
          let word = rest.prefix { $0 != UInt8(ascii: ",") }
          rest = rest[min(word.endIndex + 1, rest.endIndex)...]
          if word.isEmpty { continue }
          if !isFirst { writer.raw(", ") }
          isFirst = false
          writer.text(bytes: word)
        }
      } else {
        writer.text(bytes: field)
      }
      writer.raw("</bdi>")
    case .link:
      let address = WebAddress(String(decoding: field, as: UTF8.self))
      writer.raw("<bdi>")
      if address.isLink {
        writer.raw("<a rel=\"noopener noreferrer nofollow\"")
        writer.attribute("href", address.text)
        writer.raw(">")
        writer.text(address.text.dropFirst(8))
        writer.raw("</a>")
      } else {
        writer.text(address.withoutUser)
      }
      writer.raw("</bdi>")
    default:
      if let markup = known.text(of: field) {
        writer.raw(bytes: markup)
        break
      }
      let bytes = Array(field)
      var markup: [UInt8] = []
      XMLText.escape(try formatted(bytes, column.column).utf8, to: &markup)
      writer.raw(bytes: markup)
      known.keep(markup, of: bytes)
    }
    _ = try writePlus(reader, column, isFirst: false, &writer)
  }

  private func formatted(_ bytes: [UInt8], _ column: ReportModel.Table.Column) throws -> String {
    if isNumber(column), let value = DecimalNumber(bytes: bytes) {
      return try number(value, column)
    }
    return try ReportValue(messages).text(
      String(decoding: bytes, as: UTF8.self), column.format, column: column.name)
  }

  /// Writes counts that belong to the text: “and 2 guests”. Returns whether it wrote any.
  private func writePlus(
    _ reader: TableReader, _ column: Shown, isFirst: Bool, _ writer: inout MarkupWriter
  ) throws -> Bool {
    var isFirst = isFirst
    var wrote = false
    for plus in column.plus {
      guard let count = reader[plus.index].flatMap({ DecimalNumber(bytes: $0) }), !count.isZero
      else { continue }
      if !isFirst { writer.raw(" ") }
      let text = try messages.text("plus.\(plus.column)", ["count": .number(count)])
      writer.element("em", text)
      isFirst = false
      wrote = true
    }
    return wrote
  }

  private func isNumber(_ column: ReportModel.Table.Column) -> Bool { column.format.isNumber }

  /// Amounts below one another have the same number of decimals: per column, or in a whole
  /// statement.
  private func number(
    _ value: DecimalNumber, _ column: ReportModel.Table.Column
  ) throws -> String {
    guard column.format == .money else {
      return try ReportValue(messages).number(value, column.format, currency: nil)
    }
    let amounts =
      table.layout == .statement ? table.columns.filter { $0.format == .money } : [column]
    let least = amounts.flatMap { $0.currencies ?? [] }.map(LocaleFormat.decimals).max() ?? 2
    let decimals = max(least, amounts.map(\.decimals).max() ?? 0)
    return messages.format.decimal(try value.rounded(toScale: decimals, .halfUp))
  }
}
