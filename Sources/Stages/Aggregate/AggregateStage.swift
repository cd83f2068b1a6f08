import Basics
import Diagnostics
import Foundation
import Pipelines

/// Makes the report model (`report.json`) and the tables' files of one partition from its datasets.
///
/// Each dataset is read once, row by row. Memory grows with what a page shows, not with the rows.
package struct AggregateStage: Stage {
  package let name = "aggregate"
  package let readsRows = true
  private static let version = 7

  package init() {}

  /// The key names the spec, the messages, the tenant, the period and the datasets.
  package func prepare(
    _ work: PartitionWork, inputs: [Artifact], environment: any StageEnvironment
  ) throws -> PreparedStage {
    let catalog = try PageTemplates.cached(folder: environment.templates).catalog
    let spec = try spec(of: work)
    return PreparedStage(keyInputs(work, spec, catalog)) {
      try run(work, spec, catalog, environment)
    }
  }

  private func keyInputs(
    _ work: PartitionWork, _ spec: AggregateSpec, _ catalog: MessageCatalog
  ) -> KeyInputs {
    var key = KeyInputs(stage: name, version: AggregateStage.version)
    key.add("pipeline", work.pipeline.name)
    key.add("aggregate", contentsOf: spec.canonicalText.utf8)
    key.add("messages", catalog.digest)
    key.add("tenant", work.tenant.id)
    key.add("slug", work.tenant.slug)
    key.add("name", work.tenant.name)
    key.add("time zone", work.tenant.zone.digest)
    key.add("locale", work.tenant.locale)
    key.add("currency", work.tenant.currency)
    if let person = work.person { key.add("person", contentsOf: person.utf8) }
    key.add("privacy", work.settings.privacy.rawValue)
    key.add("period", work.period.description)
    if let asOf = work.asOf { key.add("as of", asOf.description) }
    key.add("progress", work.progress.isProvisional ? "provisional" : "final")
    if let since = work.progress.since { key.add("since", since.description) }
    let read = spec.datasets
    for dataset in work.datasets where read.contains(dataset.name) {
      key.add("dataset \(dataset.name)", dataset.digest)
      key.add(
        "columns \(dataset.name)",
        dataset.columns.map { "\($0.name) \($0.type)" }.joined(separator: ", "))
    }
    return key
  }

  private func run(
    _ work: PartitionWork, _ spec: AggregateSpec, _ catalog: MessageCatalog,
    _ environment: any StageEnvironment
  ) throws -> StageOutput {
    let columns = Dictionary(
      work.datasets.map { ($0.name, $0.columns.map(\.name)) },
      uniquingKeysWith: { first, _ in first })
    let faults = spec.diagnostics(columns: columns)
    if !faults.isEmpty { throw Diagnostics(faults) }
    let messages = ReportMessages(
      catalog: catalog, pipeline: work.pipeline.name, locale: work.tenant.locale,
      zone: work.tenant.zone)

    var parts = AggregateParts()
    parts.workbook = spec.workbook.map { name in
      AggregateWorkbook(name, work: work, messages: messages) { environment.scratch }
    }
    for dataset in work.datasets where spec.datasets.contains(dataset.name) {
      try parts.read(dataset, spec: spec, work: work, messages: messages, environment: environment)
    }
    let found = AggregateComparison(spec: spec, work: work)
    let figures = try AggregateDerived(
      spec: spec, found: found.fair(parts.figures), work: work
    ).figures()
    try checkTerms(figures, messages)
    let ties = try spec.ties.map { try $0.checked(figures) }
    let chosen = AggregateSentences(
      figures: figures, messages: messages, progress: work.progress)
    let sentences = try spec.sentences.compactMap(chosen.sentence)
    let workbook = try parts.workbook?.finish(spec.tables.map(\.name))
    let model = ReportModel(
      pipeline: work.pipeline.name, tenant: .init(work.tenant), person: work.person,
      period: .init(work.period),
      asOf: work.asOf?.description, isEmpty: isEmpty(spec, figures),
      isProvisional: work.progress.isProvisional, comparison: found.comparison,
      privacy: work.settings.privacy, figures: figures,
      sentences: sentences,
      charts: spec.charts.flatMap { one in
        found.fair(parts.charts[one.name] ?? []).map { $0.saying(one.says, of: sentences) }
      },
      tables: spec.tables.compactMap { parts.tables[$0.name]?.model },
      workbook: workbook?.file?.name,
      findings: parts.findings, readings: parts.readings, ties: ties)
    let json = try model.json()
    work.memory.keep(model, digest: SHA256Digest(of: json))
    let report = StageOutput.File(
      name: "report.json", mediaType: "application/json", content: .bytes(json))
    return StageOutput(
      files: [report] + spec.tables.flatMap { parts.tables[$0.name]?.files ?? [] }
        + [workbook?.file].compactMap { $0 }, warnings: workbook?.warnings ?? [])
  }

  private func spec(of work: PartitionWork) throws -> AggregateSpec {
    guard let spec = work.pipeline.aggregate else {
      throw Diagnostic(
        .bug, "'aggregate' was planned for a pipeline that does not have this stage",
        at: .init(file: work.pipeline.file))
    }
    return spec
  }

  private func isEmpty(_ spec: AggregateSpec, _ figures: [ReportModel.Figure]) -> Bool {
    guard !spec.emptyWhenZero.isEmpty else { return false }
    return spec.emptyWhenZero.allSatisfy { name in
      figures.first { $0.name == name }?.amounts.allSatisfy {
        $0.text == nil && ($0.value?.isZero ?? true)
      } ?? true
    }
  }

  /// A figure of format `term` must be a word of its list.
  private func checkTerms(_ figures: [ReportModel.Figure], _ messages: ReportMessages) throws {
    for figure in figures where figure.format == .term {
      for text in figure.amounts.compactMap(\.text) {
        _ = try messages.term(text, column: figure.column ?? figure.name)
      }
    }
  }
}

/// What has been read from the datasets so far.
struct AggregateParts {
  var figures: [String: ReportModel.Figure] = [:]
  var charts: [String: [ReportModel.Chart]] = [:]
  var tables: [String: (model: ReportModel.Table, files: [StageOutput.File])] = [:]
  var findings: [ReportModel.Finding] = []
  var readings: [ReportModel.Reading] = []
  var workbook: AggregateWorkbook?

  mutating func read(
    _ dataset: Dataset, spec: AggregateSpec, work: PartitionWork, messages: ReportMessages,
    environment: any StageEnvironment
  ) throws {
    let reader = try TableReader(dataset)
    let currency = work.tenant.currency
    let figures = try spec.figures.filter { $0.dataset == dataset.name }
      .map { try AggregateFigure($0, reader: reader) }
    let charts = try spec.charts.filter { $0.dataset == dataset.name }
      .map { try $0.reading(reader, columns: dataset.columns) }
    let tables = try spec.tables.filter { $0.dataset == dataset.name }
      .map {
        try AggregateTable(
          $0, reader: reader, types: dataset.columns, messages: messages, workbook: workbook,
          scratch: { environment.scratch })
      }
    let quality =
      spec.quality.contains(dataset.name) ? try AggregateQuality(dataset.name, reader) : nil
    let order = AggregateOrder(dataset.name, work.pipeline, reader)
    while try reader.next() {
      try order?.check(reader)
      for figure in figures { try figure.add(reader) }
      for chart in charts { try chart.add(reader) }
      for table in tables { try table.add(reader) }
      if let finding = try quality?.finding(reader) { findings.append(finding) }
      if reader.rowNumber % 10_000 == 0 { try environment.checkCancellation() }
    }
    guard reader.rowNumber == dataset.rows else {
      throw Diagnostic(
        .bug,
        "the dataset '\(dataset.name)' has \(reader.rowNumber) rows instead of \(dataset.rows)")
    }
    for figure in figures {
      self.figures[figure.spec.name] = figure.finish(tenantCurrency: currency)
    }
    for chart in charts {
      self.charts[chart.spec.name] = try chart.finish(
        period: work.period, tenantCurrency: currency)
    }
    for table in tables {
      self.tables[table.spec.name] = try table.finish(tenantCurrency: currency)
    }
    readings.append(.init(dataset: dataset.name, rows: reader.rowNumber))
  }
}

/// Reads a dataset of data quality rules.
struct AggregateQuality {
  private let dataset: String
  private let rule: Int
  private let rows: Int
  private let fatal: Int?
  /// A row's key and the value that does not fit, with a blank between them.
  private let example: Int?

  init(_ dataset: String, _ reader: TableReader) throws {
    self.dataset = dataset
    rule = try reader.index(of: "rule")
    rows = try reader.index(of: "rows")
    fatal = reader.names.firstIndex(of: "fatal")
    example = reader.names.firstIndex(of: "example")
  }

  /// What the rule in the reader's row found; `nil` for no rows. Throws `data` if the rule is fatal
  /// and found rows.
  func finding(_ reader: TableReader) throws -> ReportModel.Finding? {
    guard let count = reader[rows].flatMap({ DecimalNumber(bytes: $0) })?.integer,
      let name = reader.text(rule)
    else { throw reader.malformed("needs a name in 'rule' and a number in 'rows'") }
    guard count > 0 else { return nil }
    let example = example.flatMap { reader.text($0) }.map(Self.parts)
    if let fatal, reader[fatal]?.first == UInt8(ascii: "t") {
      // A rule's name comes from the query, not from a tenant.
      var message = "the rule '\(name)' of '\(dataset)' found \(Counted.text(count, "row"))"
      if let example {
        message += count == 1 ? ": " : ", for example "
        message += ShownValue.quoted(example.value ?? "")
        if let key = example.key { message += " in the row \(key)" }
      }
      throw Diagnostic(
        .data, message, hint: "fix the rows in the platform's database, then retry")
    }
    return .init(dataset: dataset, rule: name, rows: count, example: example)
  }

  private static func parts(_ text: String) -> ReportModel.Finding.Example {
    let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    let key = String(parts[0])
    return .init(
      key: key.isEmpty || !ShownValue.isWord(key) ? nil : key,
      value: parts.count > 1 ? String(parts[1]) : nil)
  }
}

extension ReportModel.Chart {
  /// The chart with the text of a sentence as its title, if there is such a sentence.
  func saying(_ name: String?, of sentences: [ReportModel.Sentence]) -> Self {
    var chart = self
    chart.says = sentences.first { $0.name == name }?.text
    return chart
  }
}

extension ReportModel {
  /// The bytes of `report.json`: keys in order, one line, a line feed at the end.
  func json() throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(self)) + [10]
  }

  init(json: [UInt8]) throws {
    self = try JSONDecoder().decode(ReportModel.self, from: Data(json))
  }
}

extension ReportModel.Owner {
  init(_ tenant: Tenant) {
    self.init(
      id: tenant.id, slug: tenant.slug, name: tenant.name, timeZone: tenant.timeZone,
      locale: tenant.locale, currency: tenant.currency)
  }
}

extension ReportModel.Span {
  init(_ period: Period) {
    self.init(
      name: period.description, start: period.start.description, end: period.end.description)
  }
}
