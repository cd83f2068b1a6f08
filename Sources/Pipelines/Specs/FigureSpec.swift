/// One figure of a report: how it is computed from a dataset, and how it is shown.
package struct FigureSpec: Sendable {
  /// Where the value comes from.
  package enum Source: Sendable, Equatable {
    /// The column of the only row, or of the only row per currency.
    case value(column: String)
    case sum(column: String)
    /// How many rows there are.
    case count
    case least(column: String)
    case greatest(column: String)
    /// The longest run of consecutive days in a column of dates, in days.
    case streak(column: String)
    /// The column `take` of the first row with the greatest `by`; no value if the greatest is zero.
    case peak(by: String, take: String)
    /// One figure divided by another, rounded half up: to six decimals as `percent`, else to one.
    case ratio(String, String)
    /// One figure minus others.
    case difference(String, [String])
  }

  package var name: String
  /// The query; `nil` for a figure that is made of figures.
  package var dataset: String?
  package var source: Source
  /// A column with the value of the previous period, for `value` and `sum`.
  package var previous: String?
  /// Only rows whose columns have these values count.
  package var condition: [(column: String, value: String)]
  /// A column with the ISO 4217 code of each row's amount.
  package var currency: String?
  package var format: ValueFormat
  package var place: SpecPlace

  static let operations = [
    "value", "sum", "count", "min", "max", "streak", "peak", "ratio", "difference",
  ]
  private static let keys =
    ["from"] + operations + ["take", "previous", "where", "currency", "format"]

  init?(name: String, _ node: SpecNode, queries: [String]) {
    guard let map = node.mapping(keys: FigureSpec.keys) else { return nil }
    let found = map.entries.filter { FigureSpec.operations.contains($0.key) }
    guard found.count == 1, let operation = found.first else {
      node.report(
        "a figure needs exactly one of \(FigureSpec.operations.joined(separator: ", ")), "
          + "found \(found.count)")
      return nil
    }
    let isDerived = ["ratio", "difference"].contains(operation.key)
    let dataset = isDerived ? nil : map.required("from")?.query(of: queries)
    if isDerived, let from = map["from"] {
      from.report("'\(operation.key)' is made of figures and takes no 'from'")
    }
    guard let source = FigureSpec.source(operation.key, operation.value, map) else { return nil }
    let format = map["format"].flatMap { node in
      node.word(of: ValueFormat.allCases.map(\.rawValue), meant: ValueFormat.meant).flatMap(
        ValueFormat.init(rawValue:))
    }
    if !isDerived, dataset == nil { return nil }
    self.name = name
    self.dataset = dataset
    self.source = source
    previous = map["previous"]?.name()
    condition = (map["where"]?.mapping()?.entries ?? []).compactMap { entry in
      guard let column = entry.keyNode.name(), let value = entry.value.string() else { return nil }
      return (column, value)
    }
    currency = map["currency"]?.name()
    self.format = format ?? (operation.key == "ratio" ? .percent : .integer)
    place = node.place
  }

  /// The columns that the dataset must have.
  package var columns: [String] {
    var columns: [String] =
      switch source {
      case .value(let column), .sum(let column), .least(let column), .greatest(let column),
        .streak(let column):
        [column]
      case .peak(let by, let take): [by, take]
      case .count, .ratio, .difference: []
      }
    columns += [previous, currency].compactMap { $0 } + condition.map(\.column)
    return columns
  }

  /// The figures that it is made of.
  package var operands: [String] {
    switch source {
    case .ratio(let part, let whole): [part, whole]
    case .difference(let first, let others): [first] + others
    default: []
    }
  }

  private static func source(
    _ operation: String, _ node: SpecNode, _ map: SpecMapping
  ) -> Source? {
    switch operation {
    case "value": return node.name().map { .value(column: $0) }
    case "sum": return node.name().map { .sum(column: $0) }
    case "min": return node.name().map { .least(column: $0) }
    case "max": return node.name().map { .greatest(column: $0) }
    case "streak": return node.name().map { .streak(column: $0) }
    case "count": return node.word(of: ["rows"]).map { _ in .count }
    case "peak":
      guard let by = node.name(), let take = map.required("take")?.name() else { return nil }
      return .peak(by: by, take: take)
    case "ratio":
      let names = node.names()
      guard names.count == 2 else {
        node.report("a ratio needs two figures: [part, whole]")
        return nil
      }
      return .ratio(names[0], names[1])
    default:
      let names = node.names()
      guard names.count >= 2 else {
        node.report("a difference needs at least two figures: [whole, part, …]")
        return nil
      }
      return .difference(names[0], Array(names.dropFirst()))
    }
  }
}
