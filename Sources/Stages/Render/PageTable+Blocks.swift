import Basics
import Diagnostics
import Markup
import Pipelines

/// A picture of a page, inside the page or in a file beside it.
struct PagePicture: Sendable {
  /// A `data:` address or the name of a file of the release.
  var address: String
  var width: Int
  var height: Int
}

extension PageTable {
  /// One line per row, with the text of the message that the row's word chooses. Columns are its
  /// parameters, written in their formats. A day also gives its month, `{day.month}`, and itself in
  /// words, `{day.long}`.
  func writeList(_ reader: TableReader, limit: Int, _ writer: inout MarkupWriter) throws {
    guard let by = table.by else { return }
    let word = try reader.index(of: by)
    let values = ReportValue(messages)
    writer.raw("<ul class=\"says\">\n")
    var shown = 0
    while shown < limit, try reader.next() {
      shown += 1
      var arguments: [String: MessageCatalog.Argument] = [:]
      for column in table.columns where column.name != by {
        guard let text = reader.text(try reader.index(of: column.name)) else { continue }
        if let number = DecimalNumber(text), column.format == .integer {
          arguments[column.name] = .number(number)
        } else {
          let told = try values.text(text, column.format, column: column.name)
          arguments[column.name] =
            [.text, .words, .link].contains(column.format) ? .typed(told) : .text(told)
        }
        if let day = CivilDate(text) {
          arguments["\(column.name).month"] = .text(
            messages.format.month(day.month, of: day.year))
          arguments["\(column.name).long"] = .text(messages.format.date(day))
        }
      }
      if let count = table.count, let value = arguments[count] { arguments["count"] = value }
      // The word comes from the query, not from a tenant: a message can name it.
      let name = reader.text(word) ?? ""
      guard let says = try messages.optional("says.\(by)", name, arguments) else {
        throw Diagnostic(
          .configuration, "no message '\(messages.pipeline).says.\(by).\(name)'",
          hint: "add it to the message catalogues")
      }
      writer.element("li", says)
      writer.raw("\n")
    }
    writer.raw("</ul>\n")
  }

  /// One block per row: the picture, the first column as its title, the paragraph, the other
  /// columns side by side.
  func writeCards(
    _ reader: TableReader, _ columns: [Shown], limit: Int, _ writer: inout MarkupWriter
  ) throws {
    let picture = try table.picture.map(reader.index)
    let body = columns.first { $0.column.name == table.body }
    let others = columns.dropFirst().filter {
      $0.column.name != table.body && $0.column.name != table.picture
    }
    writer.raw("<ul class=\"cards\">\n")
    var shown = 0
    while shown < limit, try reader.next() {
      shown += 1
      writer.raw("<li>")
      if let key = picture.flatMap({ reader.text($0) }), let found = pictures[ExactText(key)] {
        writer.raw(found.address.hasPrefix("data:") ? "<img" : "<img loading=\"lazy\"")
        writer.attribute("src", found.address)
        writer.attribute("width", String(found.width))
        writer.attribute("height", String(found.height))
        let name = columns.first.flatMap { reader.text($0.index) } ?? ""
        writer.attribute("alt", try messages.text("page.picture", ["title": .typed(name)]))
        writer.raw(" />")
      }
      if let first = columns.first {
        writer.raw("<h3>")
        try writeCell(reader, first, &writer)
        writer.raw("</h3>")
      }
      if let body, reader[body.index] != nil {
        writer.raw("<p>")
        try writeCell(reader, body, &writer)
        writer.raw("</p>")
      }
      writer.raw("<p class=\"note\">")
      var isFirst = true
      for column in others {
        let standIn = column.standIn.flatMap { reader[$0.index] }
        guard reader[column.index] != nil || standIn != nil else { continue }
        if !isFirst { writer.raw(" · ") }
        isFirst = false
        try writeCell(reader, column, &writer)
      }
      writer.raw("</p></li>\n")
    }
    writer.raw("</ul>\n")
  }
}

extension PageTable {
  /// Amounts have their currency's decimals. The files hold the exact values.
  ///
  /// - Parameter currency: the row's currency; `nil` if all rows have the same.
  func number(
    _ value: DecimalNumber, _ column: ReportModel.Table.Column, _ currency: String?
  ) throws -> String {
    guard column.format == .money else {
      return try ReportValue(messages).number(value, column.format, currency: nil)
    }
    let currencies = currency.map { [$0] } ?? column.currencies ?? [self.currency]
    let decimals = currencies.map(LocaleFormat.decimals).max() ?? 2
    return messages.format.amount(value, decimals: decimals)
  }
}
