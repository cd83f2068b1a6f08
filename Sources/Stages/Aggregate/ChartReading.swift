import Basics
import Diagnostics
import Pipelines

/// One chart while its dataset is read.
protocol ChartReading: AnyObject {
  var spec: ChartSpec { get }
  func add(_ reader: TableReader) throws
  /// The finished charts, one per currency.
  func finish(period: Period, tenantCurrency: String) throws -> [ReportModel.Chart]
}

extension ChartSpec {
  /// What reads a dataset's rows into the chart.
  func reading(
    _ reader: TableReader, columns: [Dataset.Column]
  ) throws -> any ChartReading {
    switch kind {
    case .histogram: try AggregateHistogram(self, reader: reader, columns: columns)
    case .scatter: try AggregateScatter(self, reader: reader, columns: columns)
    case .bar, .stacked, .line, .share, .calendar, .heat, .change:
      series == nil
        ? try AggregateChart(self, reader: reader, columns: columns)
        : try AggregateMatrix(self, reader: reader, columns: columns)
    }
  }

  /// How the values of a column are shown.
  func format(
    of column: String, named: ValueFormat?, fill: Fill?, _ columns: [Dataset.Column]
  ) -> ValueFormat {
    let type = columns.first { $0.name == column }?.type ?? "text"
    // Days are dates by their type.
    return named ?? (fill == .days ? nil : fill?.format) ?? .standard(for: type)
  }

  /// The points that `fill` adds.
  func labels(of fill: Fill, in period: Period) -> [String] {
    switch fill {
    case .days:
      (0..<period.days).map { period.start.adding(days: $0).description }
    case .months: period.monthsTouched.map(\.description)
    case .weekdays: (0...6).map(String.init)
    case .hours: (0...23).map(String.init)
    }
  }

  var overflow: Diagnostic {
    Diagnostic(.data, "the chart '\(name)' overflows a sum (38 digits)", at: place.subject)
  }
}

extension ValueFormat {
  /// Whether values in this format have an order of their own on an axis.
  var hasOrder: Bool {
    switch self {
    case .date, .month, .weekday, .hour, .time: true
    default: false
    }
  }
}

extension TableReader {
  /// The number in a column; `nil` if there is none. Anything else is a fault of the row.
  func number(_ index: Int, of spec: ChartSpec) throws -> DecimalNumber? {
    guard let bytes = self[index] else { return nil }
    guard let number = DecimalNumber(bytes: bytes) else {
      throw malformed("has a value that is not a number in '\(names[index])'")
        .filling(spec.place.subject)
    }
    return number
  }
}
