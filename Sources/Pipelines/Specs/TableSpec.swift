/// One table of a report: a dataset's columns, on the page and as two CSV files.
package struct TableSpec: Sendable {
  /// One column of the table.
  package struct Column: Sendable {
    package var name: String
    package var format: ValueFormat?
    /// A column with the ISO 4217 code of this column's amounts.
    package var currency: String?
    /// Whether its sums are shown below the table, one per currency.
    package var isSummed: Bool
    /// Whether it is only in the files, not on the page.
    package var isHidden: Bool
    /// Columns of counts that the page adds to this column's text, with the messages `plus.COLUMN`.
    package var plus: [String]
    package var place: SpecPlace

    package init(
      name: String, format: ValueFormat? = nil, currency: String? = nil, isSummed: Bool = false,
      isHidden: Bool = false, plus: [String] = [], place: SpecPlace
    ) {
      self.name = name
      self.format = format
      self.currency = currency
      self.isSummed = isSummed
      self.isHidden = isHidden
      self.plus = plus
      self.place = place
    }
  }

  package var name: String
  package var dataset: String
  /// The name of the files without `.csv`; `nil` if the table is only on the page.
  package var publish: String?
  /// `nil` for all columns of the dataset, with formats by their types.
  package var columns: [Column]?
  /// How many rows the page shows. The files hold all rows.
  package var show: Int
  package var layout: Layout
  /// The column whose word chooses the message of each row in the layout `list`.
  package var by: String?
  /// The column that chooses the plural form of that message.
  package var count: String?
  /// The column of object keys of pictures, for the layout `cards`.
  package var picture: String?
  /// The column whose text is a paragraph of a card.
  package var body: String?
  /// The columns that a reader can search on the page.
  package var search: [String]
  /// If the table has more rows than `show`, it gets pages of rows of its own, with this many rows
  /// each; `nil` for no such pages.
  package var pages: Int?
  package var place: SpecPlace

  /// How a page shows the table.
  package enum Layout: String, Sendable, Codable, CaseIterable {
    case rows
    /// One line per column, with the numbers of each row below one another. The last line is the
    /// result.
    case statement
    /// One line per row, with the text of the messages `says.COLUMN.WORD`.
    case list
    /// One small block per row: its first column, a picture, the other columns.
    case cards

    /// What such layouts are called elsewhere.
    static let meant = [
      "table": "rows", "grid": "cards", "gallery": "cards", "tiles": "cards", "bullets": "list",
      "sentences": "list", "transposed": "statement", "vertical": "statement",
    ]
  }

  package static let standardShow = 100

  init?(name: String, _ node: SpecNode, queries: [String]) {
    let keys = [
      "from", "publish", "columns", "show", "layout", "by", "count", "picture", "body", "search",
      "pages",
    ]
    guard let map = node.mapping(keys: keys) else { return nil }
    let dataset = map.required("from")?.query(of: queries)
    let publish = map["publish"]?.name()
    let columns = map["columns"].map { node in
      node.isList ? node.list().compactMap(Column.init(listed:)) : Column.all(node)
    }
    let show = map["show"]?.integer()
    if let show, show < 0 { map["show"]?.report("expected 0 or more, found \(show)") }
    let layout = map["layout"]?.word(of: Layout.allCases.map(\.rawValue), meant: Layout.meant)
    pages = map["pages"]?.integer()
    if let pages, pages < 1 { map["pages"]?.report("expected at least 1, found \(pages)") }
    by = map["by"]?.name()
    if layout == Layout.list.rawValue, by == nil {
      node.report("a table of layout 'list' needs 'by': the column whose words choose the message")
    }
    count = map["count"]?.name()
    picture = map["picture"]?.name()
    body = map["body"]?.name()
    search = map["search"]?.names() ?? []
    guard let dataset else { return nil }
    self.name = name
    self.dataset = dataset
    self.publish = publish
    self.columns = columns
    self.show = show ?? TableSpec.standardShow
    self.layout = layout.flatMap(Layout.init(rawValue:)) ?? .rows
    place = node.place
  }
}

extension TableSpec {
  /// The columns that other keys name. They must be among `columns`.
  package var namedColumns: [String] {
    [by, count, picture, body].compactMap { $0 } + search
  }
}

extension TableSpec.Column {
  init?(listed node: SpecNode) {
    guard let name = node.name() else { return nil }
    self.init(name: name, place: node.place)
  }

  static func all(_ node: SpecNode) -> [TableSpec.Column] {
    (node.mapping()?.entries ?? []).compactMap { entry in
      guard let name = entry.keyNode.name() else { return nil }
      // `column: money` is short for `column: {format: money}`.
      if !entry.value.isMapping, !entry.value.isNull {
        let format = entry.value.word(
          of: ValueFormat.allCases.map(\.rawValue), meant: ValueFormat.meant)
        return TableSpec.Column(
          name: name, format: format.flatMap(ValueFormat.init(rawValue:)),
          place: entry.keyNode.place)
      }
      let keys = ["format", "currency", "sum", "hidden", "plus"]
      guard let map = entry.value.mapping(keys: keys) else { return nil }
      let format = map["format"]?.word(
        of: ValueFormat.allCases.map(\.rawValue), meant: ValueFormat.meant)
      return TableSpec.Column(
        name: name, format: format.flatMap(ValueFormat.init(rawValue:)),
        currency: map["currency"]?.name(), isSummed: map["sum"]?.boolean() ?? false,
        isHidden: map["hidden"]?.boolean() ?? false, plus: map["plus"]?.names() ?? [],
        place: entry.keyNode.place)
    }
  }
}
