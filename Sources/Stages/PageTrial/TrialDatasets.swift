import Basics
import Diagnostics
import Pipelines

/// Generated rows for the datasets of a pipeline, in the shapes that a tenant's rows can have.
struct TrialDatasets {
  /// What the rows of one trial are like.
  enum Shape: CaseIterable {
    /// No row in any dataset.
    case nothing
    /// Totals of zero, and no other row.
    case zero
    /// One row in each, with nothing in the period before.
    case one
    /// Several rows, more than a page shows, in two currencies, more than in the period before.
    case many
    /// As many as in the period before.
    case same
    /// Fewer than in the period before.
    case fewer
    /// A value is missing wherever one can be.
    case missing
  }

  /// What is known of one column.
  private struct Column {
    var name: String
    var format: ValueFormat?
    /// PostgreSQL's name of its type, if a database has told it.
    var type: String?
    /// The values that it can have; empty for any.
    var words: [String] = []
    var isPrevious = false
    var isCurrency = false
    /// Whether a row without it is malformed.
    var isRequired = false
  }

  private let spec: AggregateSpec
  private let pipeline: Pipeline
  private let catalog: MessageCatalog
  private let period: Period
  private var columns: [String: [Column]] = [:]

  /// - Parameter types: the columns of each query, as far as a database has told them.
  init(
    _ spec: AggregateSpec, of pipeline: Pipeline, catalog: MessageCatalog, period: Period,
    types: [String: [Dataset.Column]]
  ) {
    self.spec = spec
    self.pipeline = pipeline
    self.catalog = catalog
    self.period = period
    for (dataset, known) in types {
      for column in known { note(column.name, in: dataset) { $0.type = column.type } }
    }
    noteFigures()
    for chart in spec.charts {
      let number: ValueFormat? = [.histogram, .scatter].contains(chart.kind) ? .decimal : nil
      note(chart.x, in: chart.dataset, chart.names ?? chart.fill?.format ?? number)
      if let series = chart.series {
        note(series.column, in: chart.dataset, series.names ?? series.fill?.format)
      }
      if let label = chart.label { note(label, in: chart.dataset) }
      for name in chart.y + chart.before { note(name, in: chart.dataset, chart.format) }
      note(currency: chart.currency, in: chart.dataset)
    }
    for table in spec.tables { note(table) }
    let rules = words("quality")
    for dataset in spec.quality {
      note("rule", in: dataset, .text) {
        $0.words = rules
        $0.isRequired = true
      }
      note("rows", in: dataset, .integer) { $0.isRequired = true }
      note("fatal", in: dataset, .boolean) {
        $0.words = ["f"]
        $0.isRequired = true
      }
    }
  }

  private mutating func noteFigures() {
    for figure in spec.figures {
      guard let dataset = figure.dataset else { continue }
      let number: ValueFormat = figure.format.isNumber ? figure.format : .integer
      switch figure.source {
      case .value(let column): note(column, in: dataset, figure.format)
      case .sum(let column), .least(let column), .greatest(let column):
        note(column, in: dataset, number)
      case .streak(let column): note(column, in: dataset, .date)
      case .peak(let by, let take):
        note(by, in: dataset, .integer)
        note(take, in: dataset, figure.format)
      case .count, .ratio, .difference: break
      }
      if let previous = figure.previous {
        note(previous, in: dataset, number) { $0.isPrevious = true }
      }
      for (column, value) in figure.condition {
        note(column, in: dataset) {
          if !$0.words.contains(value) { $0.words.append(value) }
        }
      }
      note(currency: figure.currency, in: dataset)
    }
  }

  private mutating func note(_ table: TableSpec) {
    for column in table.columns ?? [] {
      note(column.name, in: table.dataset, column.format)
      note(currency: column.currency, in: table.dataset)
      for plus in column.plus { note(plus, in: table.dataset, .integer) }
    }
    for name in table.namedColumns { note(name, in: table.dataset) }
    guard table.layout == .list, let by = table.by else { return }
    let says = words("says.\(by)")
    note(by, in: table.dataset, .term) {
      $0.words = says
      $0.isRequired = true
    }
  }

  private mutating func note(currency column: String?, in dataset: String) {
    if let column { note(column, in: dataset, .text) { $0.isCurrency = true } }
  }

  private mutating func note(
    _ name: String, in dataset: String, _ format: ValueFormat? = nil,
    _ change: (inout Column) -> Void = { _ in }
  ) {
    var known = columns[dataset] ?? []
    let place = known.firstIndex { $0.name == name } ?? known.count
    if place == known.count { known.append(Column(name: name)) }
    if known[place].format == nil, let format {
      known[place].format = format
      if format == .term, known[place].words.isEmpty {
        known[place].words = words("terms.\(name)")
      }
    }
    change(&known[place])
    columns[dataset] = known
  }

  /// The words that the message catalogues have for a list, the pipeline's own first.
  private func words(_ list: String) -> [String] {
    for prefix in ["\(pipeline.name).\(list).", "\(list)."] {
      let found = catalog.keys(beginningWith: prefix).map { String($0.dropFirst(prefix.count)) }
        .filter { !$0.contains(".") }
      if !found.isEmpty { return found }
    }
    return []
  }

  /// Whether there is a column to make a row of.
  func isKnown(_ dataset: String) -> Bool { !(columns[dataset] ?? []).isEmpty }

  // MARK: - Rows

  /// The pipeline's datasets in one shape.
  func datasets(_ shape: Shape) -> [Dataset] {
    pipeline.extract.queries.filter { isKnown($0.name) && spec.datasets.contains($0.name) }.map {
      dataset($0.name, shape)
    }
  }

  private func dataset(_ name: String, _ shape: Shape) -> Dataset {
    let columns = columns[name] ?? []
    let rows = count(name, shape)
    var text = columns.map(\.name).joined(separator: ",") + "\n"
    for row in 0..<rows {
      text += columns.map { cell($0, row, among: columns, shape) }.joined(separator: ",") + "\n"
    }
    let bytes = Array(text.utf8)
    return Dataset(
      name: name,
      columns: columns.map { Dataset.Column(name: $0.name, type: type(of: $0)) },
      rows: rows, bytes: bytes.count, digest: SHA256Digest(of: bytes),
      content: .memory(HeldBytes(bytes)))
  }

  private func count(_ dataset: String, _ shape: Shape) -> Int {
    let values = spec.figures.filter { figure in
      if case .value = figure.source { figure.dataset == dataset } else { false }
    }
    switch shape {
    case .nothing: return 0
    case .zero: return values.isEmpty ? 0 : 1
    // A label or a currency that is missing can be missing once.
    case .one, .missing: return 1
    case .many, .same, .fewer: break
    }
    let columns = columns[dataset] ?? []
    if spec.quality.contains(dataset) {
      return max(1, columns.first { $0.name == "rule" }?.words.count ?? 1)
    }
    var most = 3
    if let by = spec.tables.first(where: { $0.dataset == dataset && $0.layout == .list })?.by {
      most = max(most, columns.first { $0.name == by }?.words.count ?? 0)
    }
    // A figure of one row finds only one, in each currency and under each condition.
    if values.contains(where: \.condition.isEmpty) {
      most = columns.contains(where: \.isCurrency) ? 2 : 1
    } else if !values.isEmpty {
      let names = Set(values.flatMap { $0.condition.map(\.column) })
      most = columns.filter { names.contains($0.name) }.map(\.words.count).max() ?? 1
    }
    // A chart has each of its labels once.
    for chart in spec.charts where chart.dataset == dataset {
      let words = columns.first { $0.name == chart.x }?.words.count ?? 0
      if words > 0 { most = min(most, words) }
    }
    return most
  }

  private func cell(_ column: Column, _ row: Int, among columns: [Column], _ shape: Shape) -> String
  {
    if shape == .missing, !column.isRequired { return "" }
    // A name is either there, or a word says why not.
    if column.name.hasSuffix("_is"),
      columns.contains(where: { $0.name + "_is" == column.name })
    {
      if row % 2 == 0 { return "" }
    } else if row % 2 == 1, columns.contains(where: { $0.name == column.name + "_is" }) {
      return ""
    }
    if column.isCurrency { return row % 2 == 0 ? "EUR" : "USD" }
    if !column.words.isEmpty { return column.words[row % column.words.count] }
    return value(column, row, shape)
  }

  private func value(_ column: Column, _ row: Int, _ shape: Shape) -> String {
    switch format(of: column) {
    case .integer, .duration, .decimal, .money, .percent:
      return number(column, row, shape)
    case .date: return period.start.adding(days: row).description
    case .month:
      var month = Period(.month, containing: period.start)
      for _ in 0..<row { month = month.next }
      return month.start.description
    case .time: return "\(period.start.adding(days: row)) 12:00:00+00"
    case .weekday: return String(row % 7)
    case .hour: return String(row % 24)
    case .boolean: return row % 2 == 0 ? "t" : "f"
    // A word of a list without words would be a fault of its own.
    case .term: return ""
    case .link: return "https://example.org/?a=\(row)&b=2"
    case .words: return "\"Tag <\(row)>,b & c\""
    case .text: return "\"Text <\(row)> & \"\"more\"\"\""
    }
  }

  private func number(_ column: Column, _ row: Int, _ shape: Shape) -> String {
    let now: Int
    switch shape {
    case .zero: now = 0
    case .one: now = column.isPrevious ? 0 : 1
    case .same: now = 3 + row
    case .fewer: now = (column.isPrevious ? 5000 : 2) + row
    default: now = column.isPrevious ? 2 : 1234 + row
    }
    switch format(of: column) {
    case .percent: return "0.\(now % 1000)"
    case .decimal, .money: return "\(now).25"
    case .duration: return String(now * 61)
    default: return String(now)
    }
  }

  private func format(of column: Column) -> ValueFormat {
    column.format ?? column.type.map { ValueFormat.standard(for: $0) } ?? .text
  }

  private func type(of column: Column) -> String {
    if let type = column.type { return type }
    switch format(of: column) {
    case .integer, .duration, .weekday, .hour: return "bigint"
    case .decimal, .money, .percent: return "numeric"
    case .date, .month: return "date"
    case .time: return "timestamptz"
    case .boolean: return "boolean"
    case .term, .link, .words, .text: return "text"
    }
  }
}
