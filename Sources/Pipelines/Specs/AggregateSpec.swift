package import Diagnostics

/// The `aggregate:` part of a pipeline file: the content of the report model.
package struct AggregateSpec: Sendable {
  /// In the file's order.
  package var figures: [FigureSpec]
  package var sentences: [SentenceSpec]
  package var charts: [ChartSpec]
  package var tables: [TableSpec]
  /// The name of the workbook with all published tables, without `.xlsx`; `nil` for no such file.
  package var workbook: String?
  /// Figures that must be equal, such as a total and the sum of its parts. If they differ, the
  /// partition fails.
  package var ties: [Tie]
  /// Datasets of data quality rules, with the columns `rule`, `rows` and optionally `fatal`.
  package var quality: [String]
  /// The report is empty if all these figures are zero; without figures it is never empty.
  package var emptyWhenZero: [String]
  /// The part without comments and the order of keys, for the stage key.
  package var canonicalText: String

  /// Figures that must be equal.
  package struct Tie: Sendable, Hashable {
    package var figures: [String]
    package var place: SpecPlace
  }

  private static let keys = [
    "figures", "sentences", "charts", "tables", "workbook", "ties", "quality", "empty",
  ]

  /// Reads the part. Faults are reported to the node's reader.
  package init?(_ node: SpecNode, queries: [String]) {
    guard let map = node.mapping(keys: AggregateSpec.keys) else { return nil }
    canonicalText = node.canonicalText
    figures = AggregateSpec.named(map["figures"]) { name, node in
      FigureSpec(name: name, node, queries: queries)
    }
    // The name of a faulty figure is known too, so that one fault does not cause ten more.
    let names = (map["figures"]?.mapping()?.entries ?? []).map(\.key)
    let peaks = (map["figures"]?.mapping()?.entries ?? []).filter { entry in
      entry.value.isMapping && entry.value.mapping()?["peak"] != nil
    }.map(\.key)
    sentences = AggregateSpec.named(map["sentences"]) { name, node in
      SentenceSpec(name: name, node, figures: names, peaks: Set(peaks))
    }
    let said = (map["sentences"]?.mapping()?.entries ?? []).map(\.key)
    charts = AggregateSpec.named(map["charts"]) { name, node in
      ChartSpec(name: name, node, queries: queries, sentences: said)
    }
    tables = AggregateSpec.named(map["tables"]) { name, node in
      TableSpec(name: name, node, queries: queries)
    }
    workbook = map["workbook"]?.name()
    if workbook != nil, !tables.contains(where: { $0.publish != nil }) {
      map["workbook"]?.report("a workbook needs a table with 'publish'")
    }
    ties = (map["ties"]?.list() ?? []).compactMap { node in
      let figures = node.list().compactMap { $0.word(of: names) }
      if figures.count < 2 {
        node.report("a tie needs at least two figures: [total, sum]")
        return nil
      }
      return Tie(figures: figures, place: node.place)
    }
    quality = (map["quality"]?.list() ?? []).compactMap { $0.query(of: queries) }
    emptyWhenZero = (map["empty"]?.list() ?? []).compactMap { $0.word(of: names) }
    checkOperands(names: names, map["figures"])
  }

  /// The datasets whose rows are read, in no order.
  package var datasets: Set<String> {
    Set(figures.compactMap(\.dataset) + charts.map(\.dataset) + tables.map(\.dataset) + quality)
  }

  /// The faults in the named columns, given the columns of each query. Used by `check`, and before
  /// a run.
  package func diagnostics(columns: [String: [String]]) -> [Diagnostic] {
    var found: [Diagnostic] = []
    func need(_ names: [String], of dataset: String, _ place: SpecPlace) {
      guard let known = columns[dataset] else { return }
      for name in names where !known.contains(name) {
        found.append(
          Diagnostic(
            .configuration, "the query '\(dataset)' has no column '\(name)'", at: place.subject,
            hint: NearestWords.hint(for: name, in: known)
              ?? NearestWords.choice("its columns are", known)))
      }
    }
    for figure in figures {
      if let dataset = figure.dataset { need(figure.columns, of: dataset, figure.place) }
    }
    for chart in charts { need(chart.columns, of: chart.dataset, chart.place) }
    for table in tables {
      need(table.namedColumns, of: table.dataset, table.place)
      if let listed = table.columns?.map(\.name) {
        for name in table.namedColumns
        where !listed.contains(name) && columns[table.dataset]?.contains(name) == true {
          found.append(
            Diagnostic(
              .configuration, "'\(name)' is not among the table's columns", at: table.place.subject,
              hint: "add it, with 'hidden: true' if the page must not show it"))
        }
      }
      for column in table.columns ?? [] {
        let names = [column.name] + [column.currency].compactMap { $0 } + column.plus
        need(names, of: table.dataset, column.place)
      }
    }
    return found
  }

  /// A figure can use only figures above it, so that there is no cycle.
  private func checkOperands(names: [String], _ node: SpecNode?) {
    for entry in node?.mapping()?.entries ?? [] {
      guard let figure = figures.first(where: { $0.name == entry.key }) else { continue }
      let above = Array(names.prefix { $0 != entry.key })
      for operand in figure.operands where !above.contains(operand) {
        entry.value.report(
          "no figure above is named '\(operand)'",
          hint: NearestWords.hint(for: operand, in: above)
            ?? (names.contains(operand) ? "move '\(operand)' above '\(entry.key)'" : nil))
      }
    }
  }

  private static func named<T>(_ node: SpecNode?, _ make: (String, SpecNode) -> T?) -> [T] {
    (node?.mapping()?.entries ?? []).compactMap { entry in
      entry.keyNode.name().flatMap { make($0, entry.value) }
    }
  }
}
