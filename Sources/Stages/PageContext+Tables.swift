import Diagnostics
import Pipelines

extension PageContext {
  /// A table for a template: `title`, `html` (ready), `rows`, `count`, `any`, `files`.
  func table(_ name: String) throws -> [String: Any]? {
    guard let table = model.tables.first(where: { $0.name == name }) else { return nil }
    guard let file = files[table.file] else {
      throw Diagnostic(.bug, "the file '\(table.file)' did not reach the page")
    }
    let title = try messages.title("tables", name)
    var view: [String: Any] = ["name": name, "title": PageText.carry(title), "cut": false]
    view["rows"] = messages.format.integer(table.rows)
    view["any"] = table.rows > 0
    view["files"] = try links(to: table)
    let page = PageTable(table: table, title: title, messages: messages)
    view["html"] = String(decoding: try page.markup(path: file.path), as: UTF8.self)
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

  /// Every published table with its files.
  func fileList() throws -> [[String: Any]] {
    try model.tables.filter { $0.spreadsheet != nil }.map { table in
      [
        "title": PageText.carry(try messages.title("tables", table.name)),
        "rows": PageText.carry(
          try messages.text("page.rows", ["count": .number(DecimalNumber(table.rows))])),
        "files": try links(to: table),
      ]
    }
  }

  private func links(to table: ReportModel.Table) throws -> [[String: Any]] {
    guard let spreadsheet = table.spreadsheet else { return [] }
    return try [(table.file, "page.csv"), (spreadsheet, "page.spreadsheet")].map { name, key in
      [
        "href": PageText.carry(name), "label": PageText.carry(try messages.text(key)),
        "size": PageText.carry(messages.format.size(bytes: files[name]?.bytes ?? 0)),
      ]
    }
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
