/// One chart of a report: its kind, and the columns it is drawn from.
package struct ChartSpec: Sendable {
  /// How the chart is drawn.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Bars from zero: vertical over time, else horizontal. Several `y` are shown one below the
    /// other.
    case bar
    /// Bars that are stacked from the `y`.
    case stacked
    case line
    /// The parts of one whole.
    case share
    /// The days of a year; a darker day has a higher value.
    case calendar

    /// What such charts are called elsewhere.
    static let meant = [
      "pie": "share", "donut": "share", "doughnut": "share", "ring": "share", "parts": "share",
      "column": "bar", "columns": "bar", "bars": "bar", "histogram": "bar", "horizontal": "bar",
      "lines": "line", "timeseries": "line", "spark": "line", "sparkline": "line", "area": "line",
      "stack": "stacked", "stacks": "stacked", "stacked_bar": "stacked", "stackedbar": "stacked",
      "heatmap": "calendar", "heat_map": "calendar", "days": "calendar", "year": "calendar",
    ]
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
  /// Adds the empty days or months of the period; `nil` shows the rows as they are.
  package var fill: Fill?
  /// How many names are shown, the largest by the sum of their `y`; `nil` for all.
  package var top: Int?
  /// Whether the other names are summed into one.
  package var other: Bool
  /// How names are shown: `text`, `term`, `weekday` …; `nil` goes by the column's type.
  package var names: ValueFormat?
  package var format: ValueFormat
  /// A column with the ISO 4217 code. There is one chart per currency.
  package var currency: String?
  package var place: SpecPlace

  /// A chart cannot have more points than this: the query must group them.
  package static let maximumPoints = 2000

  private static let keys = [
    "kind", "from", "x", "y", "fill", "top", "other", "names", "format", "currency",
  ]

  init?(name: String, _ node: SpecNode, queries: [String]) {
    guard let map = node.mapping(keys: ChartSpec.keys) else { return nil }
    let kind = map.required("kind")?.word(of: Kind.allCases.map(\.rawValue), meant: Kind.meant)
    let dataset = map.required("from")?.query(of: queries)
    let x = map.required("x")?.name()
    let y = map.required("y")?.names() ?? []
    let fill = map["fill"]?.word(
      of: Fill.allCases.map(\.rawValue),
      meant: ["daily": "days", "day": "days", "monthly": "months", "month": "months"])
    let formats = ValueFormat.allCases.map(\.rawValue)
    let names = map["names"]?.word(of: formats, meant: ValueFormat.meant)
    let format = map["format"]?.word(
      of: ValueFormat.allCases.filter(\.isNumber).map(\.rawValue), meant: ValueFormat.meant)
    let top = map["top"]?.integer()
    if let top, !(1...ChartSpec.maximumPoints).contains(top) {
      map["top"]?.report("expected a number from 1 to \(ChartSpec.maximumPoints), found \(top)")
    }
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

  /// The columns that the dataset must have.
  package var columns: [String] { [x] + y + [currency].compactMap { $0 } }
}
