/// One chart of a report: its kind, and the columns it is drawn from.
package struct ChartSpec: Sendable {
  /// How the chart is drawn.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Bars from zero: columns over time, lines of names else. Several `y` stand one below the
    /// other.
    case bar
    /// Bars whose parts are the `y`.
    case stacked
    case line
    /// The parts of one whole.
    case share
    /// A year of days, the darker the more.
    case calendar
  }

  /// Which empty points are added.
  package enum Fill: String, Sendable, Codable, CaseIterable {
    case days, months
  }

  package var name: String
  package var kind: Kind
  package var dataset: String
  /// The column of names, days or months.
  package var x: String
  /// Columns of numbers.
  package var y: [String]
  /// Puts in the empty days or months of the period; `nil`: the rows as they are.
  package var fill: Fill?
  /// How many names are shown, the first in the dataset's order.
  package var top: Int?
  /// Whether the rest are summed into one.
  package var other: Bool
  /// How names are shown: `text`, `term`, `weekday` …; `nil`: by the column's type.
  package var names: ValueFormat?
  package var format: ValueFormat
  /// A column with the ISO 4217 code: a chart shows one currency, the one with the most rows.
  package var currency: String?
  package var place: SpecPlace

  private static let keys = [
    "kind", "from", "x", "y", "fill", "top", "other", "names", "format", "currency",
  ]

  init?(name: String, _ node: SpecNode, queries: [String]) {
    guard let map = node.mapping(keys: ChartSpec.keys) else { return nil }
    let kind = map.required("kind")?.word(of: Kind.allCases.map(\.rawValue))
    let dataset = map.required("from")?.query(of: queries)
    let x = map.required("x")?.name()
    let y = map.required("y")?.names() ?? []
    let fill = map["fill"]?.word(of: Fill.allCases.map(\.rawValue))
    let formats = ValueFormat.allCases.map(\.rawValue)
    let names = map["names"]?.word(of: formats)
    let format = map["format"]?.word(of: ValueFormat.allCases.filter(\.isNumber).map(\.rawValue))
    let top = map["top"]?.integer()
    if let top, top < 1 { map["top"]?.report("expected at least 1, found \(top)") }
    if let kind, ["share", "calendar"].contains(kind), y.count > 1 {
      map["y"]?.report("a chart of kind '\(kind)' has one y, found \(y.count)")
    }
    guard let kind = kind.flatMap(Kind.init(rawValue:)), let dataset, let x, !y.isEmpty else {
      return nil
    }
    self.name = name
    self.kind = kind
    self.dataset = dataset
    self.x = x
    self.y = y
    self.fill = fill.flatMap(Fill.init(rawValue:))
    self.top = top
    other = map["other"]?.boolean() ?? false
    self.names = names.flatMap(ValueFormat.init(rawValue:))
    self.format = format.flatMap(ValueFormat.init(rawValue:)) ?? .integer
    currency = map["currency"]?.name()
    place = node.place
  }

  /// The columns that must be in the dataset.
  package var columns: [String] { [x] + y + [currency].compactMap { $0 } }
}
