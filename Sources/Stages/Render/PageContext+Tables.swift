import Basics
import Diagnostics
import Pipelines

extension PageContext {
  /// A table for a template: `title`, `html` (finished), `rows`, `any`, `files`, `pages`, `cut`.
  func table(_ name: String) throws -> PageView? {
    guard let table = model.tables.first(where: { $0.name == name }) else { return nil }
    guard let file = files[table.file] else {
      throw Diagnostic(.bug, "the page was made without the file '\(table.file)'")
    }
    let title = try messages.title("tables", name)
    let view = PageView(["name": name, "title": PageText.carry(title), "cut": false])
    view["rows"] = messages.format.integer(table.rows)
    view["any"] = table.rows > 0
    view["files"] = try links(to: table)
    view["pages"] = false
    if table.hasPages {
      view["html"] = ""
      let links = (pages[name] ?? []).map {
        PageView(["href": PageText.carry($0.address), "label": PageText.carry($0.label)])
      }
      let lead = try messages.text(
        "page.pages_of_rows", ["count": .number(DecimalNumber(table.rows))])
      view["pages"] = PageView(["links": links, "lead": PageText.carry(lead)])
      return view
    }
    let page = PageTable(
      table: table, title: title, messages: messages, currency: model.tenant.currency,
      pictures: pictures)
    view["html"] = block(try page.markup(path: file.path))
    if table.rows > table.show {
      view["cut"] = PageText.carry(
        try messages.text(
          "page.cut",
          [
            "shown": .number(DecimalNumber(table.show)),
            "rows": .number(DecimalNumber(table.rows)),
          ]))
    }
    return view
  }

  /// A page of rows for its template: `title`, `html`, `label`, and the addresses `previous` and
  /// `next`.
  func rowsView() throws -> PageView? {
    guard let rows else { return nil }
    let view = PageView([
      "title": PageText.carry(try messages.title("tables", rows.table.name)),
      "html": block(rows.markup),
      "label": PageText.carry(try label(of: rows)), "previous": false, "next": false,
    ])
    if rows.number > 1 {
      view["previous"] = PageText.carry(PageRows.name(rows.table, rows.number - 1))
    }
    if rows.number < rows.count {
      view["next"] = PageText.carry(PageRows.name(rows.table, rows.number + 1))
    }
    return view
  }

  /// “Rows 1 to 1,000 of 12,345”; short, “1 to 1,000”.
  func label(of rows: PageRows, isShort: Bool = false) throws -> String {
    try messages.text(
      isShort ? "page.rows_of_page" : "page.page_of_rows",
      [
        "first": .number(DecimalNumber(rows.rows.lowerBound + 1)),
        "last": .number(DecimalNumber(rows.rows.upperBound)),
        "rows": .number(DecimalNumber(rows.table.rows)),
      ])
  }

  /// Every published table with its files.
  func fileList() throws -> [PageView] {
    try model.tables.filter { $0.spreadsheet != nil }.map { table in
      PageView([
        "title": PageText.carry(try messages.title("tables", table.name)),
        "rows": PageText.carry(
          try messages.text("page.rows", ["count": .number(DecimalNumber(table.rows))])),
        "files": try links(to: table),
      ])
    }
  }

  /// The file with all published tables: `href`, `label` and `size`; `nil` if there is none.
  func workbookView() throws -> PageView? {
    try model.workbook.map { try link($0, "page.workbook") }
  }

  private func links(to table: ReportModel.Table) throws -> [PageView] {
    guard let spreadsheet = table.spreadsheet else { return [] }
    return try [(table.file, "page.csv"), (spreadsheet, "page.spreadsheet")].map(link)
  }

  private func link(_ name: String, _ key: String) throws -> PageView {
    PageView([
      "href": PageText.carry(name), "label": PageText.carry(try messages.text(key)),
      "size": PageText.carry(messages.format.size(bytes: files[name]?.byteCount ?? 0)),
    ])
  }
}

extension LocaleFormat {
  /// `12 kB`, `3,4 MB`, in powers of a thousand.
  func size(bytes: Int) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var value = bytes
    var unit = 0
    var tenths = 0
    while value >= 1000, unit < units.count - 1 {
      tenths = value % 1000 / 100
      value /= 1000
      unit += 1
    }
    let number =
      unit < 2 || value >= 100
      ? DecimalNumber(value) : DecimalNumber(mantissa: Int128(value * 10 + tenths), scale: 1)
    return decimal(number) + "\u{A0}" + units[unit]
  }
}
