/// One chart of a report: its kind, and the columns it is drawn from.
package struct ChartSpec: Sendable {
  /// How the chart is drawn.
  package enum Kind: String, Sendable, Codable, CaseIterable {
    /// Bars from zero: vertical over time, else horizontal. Several `y` are shown one below the
    /// other.
    case bar
    /// Bars that are stacked from the `y`, or from the values of `series`.
    case stacked
    /// Lines in one plot.
    case line
    /// The parts of one whole.
    case share
    /// The days of a year; a darker day has a higher value.
    case calendar
    /// A square for each `x` and each value of `series`; a darker one has a higher value.
    case heat
    /// How many rows lie between the numbers of `bins`.
    case histogram
    /// A dot for each row, by two numbers.
    case scatter
    /// Where each name is, and where it was.
    case change

    /// What such charts are called elsewhere.
    static let meant = [
      "pie": "share", "donut": "share", "doughnut": "share", "ring": "share", "parts": "share",
      "column": "bar", "columns": "bar", "bars": "bar", "horizontal": "bar",
      "lines": "line", "timeseries": "line", "spark": "line", "sparkline": "line", "area": "line",
      "stack": "stacked", "stacks": "stacked", "stacked_bar": "stacked", "stackedbar": "stacked",
      "heatmap": "heat", "heat_map": "heat", "matrix": "heat", "punchcard": "heat",
      "days": "calendar", "year": "calendar", "distribution": "histogram", "bins": "histogram",
      "points": "scatter", "dots": "scatter", "xy": "scatter", "bubble": "scatter",
      "slope": "change", "dumbbell": "change", "bump": "change", "rank": "change",
    ]

    /// The keys that charts of this kind have beside `kind`, `from`, `x` and `format`.
    var keys: Set<String> {
      switch self {
      case .bar: ["y", "before", "series", "fill", "top", "other", "names", "currency"]
      case .stacked, .line: ["y", "series", "fill", "top", "other", "names", "currency"]
      case .share: ["y", "top", "other", "names", "currency"]
      case .calendar: ["y", "fill", "names", "currency"]
      case .heat: ["y", "series", "fill", "names", "currency"]
      case .histogram: ["y", "bins", "names"]
      case .scatter: ["y", "label", "names"]
      case .change: ["y", "top", "names", "currency"]
      }
    }

    /// How many `y` such a chart has.
    var columnsOfNumbers: ClosedRange<Int> {
      switch self {
      case .bar, .stacked, .line: 1...ChartSpec.maximumSeries
      case .share, .calendar, .heat, .scatter: 1...1
      case .histogram: 0...1
      case .change: 2...2
      }
    }

    /// The greatest number of series that can be told apart.
    package var maximumSeries: Int { self == .heat ? 60 : ChartSpec.maximumSeries }
  }

  /// Which empty points are added.
  package enum Fill: String, Sendable, Codable, CaseIterable {
    /// The days of the period.
    case days
    /// The months of the period.
    case months
    /// 0 Monday to 6 Sunday.
    case weekdays
    /// 0 to 23.
    case hours

    /// How the points are shown.
    package var format: ValueFormat {
      switch self {
      case .days: .date
      case .months: .month
      case .weekdays: .weekday
      case .hours: .hour
      }
    }

    static let meant = [
      "daily": "days", "day": "days", "monthly": "months", "month": "months",
      "weekday": "weekdays", "dow": "weekdays", "week": "weekdays", "hour": "hours",
      "hourly": "hours",
    ]
  }

  /// The column whose values are the series: the rows are of one value each.
  package struct Series: Sendable {
    package var column: String
    /// How its values are shown; `nil` goes by the column's type.
    package var names: ValueFormat?
    /// The values that are shown even if no row has them.
    package var fill: Fill?
    /// How many are shown, the largest by their sums.
    package var top: Int?
    /// Whether the others are summed into one.
    package var other: Bool
  }

  package var name: String
  package var kind: Kind
  package var dataset: String
  /// The column of names, days or months; of numbers in a histogram or a scatter chart.
  package var x: String
  /// Columns of numbers.
  package var y: [String]
  /// Columns with what the numbers were in the period before, one for each `y`; or none.
  package var before: [String] = []
  /// The sentence that is the chart's title, if there is something to say.
  package var says: String?
  package var series: Series?
  /// The numbers between which a histogram counts, rising.
  package var bins: [DecimalNumber] = []
  /// The column that names the dots of a scatter chart.
  package var label: String?
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
  /// More lines or parts of a stack than this cannot be told apart.
  package static let maximumSeries = 8
  /// What a histogram without a `y` counts.
  package static let countedRows = "rows"
  /// More columns than this are too narrow for a histogram.
  package static let maximumBins = 40

  /// The columns whose titles a page shows. Lines that are named by values need none of the values.
  package var titledColumns: [String] {
    [label ?? x] + (label == nil ? [] : [x]) + (series == nil || kind == .heat ? y : [])
  }

  /// The columns that the dataset must have.
  package var columns: [String] {
    [x] + y + before + [series?.column, label, currency].compactMap { $0 }
  }
}
