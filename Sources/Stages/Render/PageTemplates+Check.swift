package import Diagnostics
package import Pipelines

extension PageTemplates {
  /// The faults in a pipeline's pages and texts, found without running anything: templates that do
  /// not exist, and messages that sentences, charts, tables or columns need and that English does
  /// not have.
  package func diagnostics(of pipeline: Pipeline) -> [Diagnostic] {
    var found = pipeline.render.map(diagnostics) ?? []
    guard let spec = pipeline.aggregate else { return found }
    func need(_ keys: [String], _ place: SpecPlace) {
      guard !keys.contains(where: { catalog.message($0, locale: "en") != nil }) else { return }
      let siblings = keys.flatMap { key in
        let parent = key.split(separator: ".").dropLast().joined(separator: ".")
        return catalog.keys(beginningWith: parent + ".")
      }
      found.append(
        Diagnostic(
          .configuration, "no message '\(keys[0])' in English", at: place.subject,
          hint: NearestWords.hint(for: keys[0], in: siblings)
            ?? "add it to the message catalogues in \(folder)/messages"))
    }
    func title(_ kind: String, _ name: String, _ place: SpecPlace) {
      need(["\(pipeline.name).\(kind).\(name)", "\(kind).\(name)"], place)
    }
    found += pipeline.render?.cards.map { diagnostics(of: $0, in: spec) } ?? []
    for name in pipeline.render?.cards?.figures ?? [] {
      if let figure = spec.figures.first(where: { $0.name == name }) {
        title("figures", figure.name, figure.place)
      }
    }
    for page in pipeline.render?.pages ?? [] {
      found += unknownParts(of: page, in: spec)
      let shown = parts[String(page.template.dropLast(5))] ?? []
      for figure in spec.figures
      where shown.contains(where: { $0.name == "figures.\(figure.name)" }) {
        title("figures", figure.name, figure.place)
      }
    }
    for sentence in spec.sentences {
      for variant in sentence.variants {
        need([variant.message], variant.place)
        found += unproven(variant, in: spec)
      }
    }
    found += unknownParameters(of: pipeline)
    for chart in spec.charts where pipeline.render != nil {
      title("charts", chart.name, chart.place)
      for column in chart.titledColumns { title("columns", column, chart.place) }
    }
    for table in spec.tables where table.pages != nil && pipeline.render != nil {
      if !has(RenderStage.rowsTemplate) {
        found.append(
          Diagnostic(
            .configuration, "no template is named '\(RenderStage.rowsTemplate).html'",
            at: table.place.subject, hint: "add it: the pages of a long table are made with it"))
      }
      need(["page.page_of_rows", "page.rows_of_page", "page.pages_of_rows"], table.place)
    }
    for table in spec.tables {
      if !table.search.isEmpty { need(["page.search"], table.place) }
      if table.picture != nil { need(["page.picture"], table.place) }
      if pipeline.render != nil { title("tables", table.name, table.place) }
      for column in table.columns ?? [] {
        title("columns", column.name, column.place)
        for plus in column.plus { need(["plus.\(plus)"], column.place) }
      }
    }
    return found
  }

  /// The faults in the pictures to share: templates that cannot be read, and names that the report
  /// does not have.
  private func diagnostics(of cards: CardsSpec, in spec: AggregateSpec) -> [Diagnostic] {
    var found: [Diagnostic] = []
    do throws(Diagnostics) {
      _ = try ShareCardTemplates(folder: folder)
    } catch {
      found += error.all
    }
    func need(_ kind: String, _ name: String, of known: [String]) {
      if known.contains(name) { return }
      found.append(
        Diagnostic(
          .configuration, "the cards name the \(kind) '\(name)', which the report does not have",
          at: cards.place.subject, hint: NearestWords.hint(for: name, in: known)))
    }
    for name in cards.figures { need("figure", name, of: spec.figures.map(\.name)) }
    if let name = cards.headline { need("sentence", name, of: spec.sentences.map(\.name)) }
    if let name = cards.cover { need("chart", name, of: spec.charts.map(\.name)) }
    return found
  }

  /// What a sentence says without having asked whether it is true: one leader where there can be
  /// several, or a change without what it is compared with.
  private func unproven(_ variant: SentenceSpec.Variant, in spec: AggregateSpec) -> [Diagnostic] {
    guard let message = catalog.message(variant.message, locale: "en") else { return [] }
    let parameters = MessageCatalog.parameters(of: message)
    var found: [Diagnostic] = []
    for figure in spec.figures {
      if case .peak = figure.source, parameters.contains(figure.name),
        !variant.conditions.contains(where: { $0.provesLeader(figure.name) })
      {
        found.append(
          Diagnostic(
            .configuration,
            "the sentence names one leader, '\(figure.name)', where several can be equal",
            at: variant.place.subject,
            hint: "add 'not \(figure.name).tied' to its conditions, and a sentence for a tie"))
      }
      let changes = ["change", "times"].map { "\(figure.name).\($0)" }
      if figure.against == .start, !parameters.isDisjoint(with: changes),
        parameters.contains("compared")
      {
        found.append(
          Diagnostic(
            .configuration,
            "the sentence compares '\(figure.name)' with the period before, but its previous value"
              + " is that of the start",
            at: variant.place.subject,
            hint: "say “than at the start of the period”, or remove 'against: start'"))
      }
      if figure.previous != nil, figure.against == .period, !parameters.isDisjoint(with: changes),
        !parameters.contains("compared"), !variant.conditions.contains(where: \.isOfPeriod)
      {
        found.append(
          Diagnostic(
            .configuration,
            "the sentence does not say what '\(figure.name)' is compared with",
            at: variant.place.subject,
            hint: "write {compared} into the message, or add 'final' to its conditions"))
      }
    }
    return found
  }

  /// The parameters that the messages of a pipeline name, in any language, and do not get. They
  /// would fail the page of the first tenant of that language.
  package func unknownParameters(of pipeline: Pipeline) -> [Diagnostic] {
    guard let spec = pipeline.aggregate else { return [] }
    let known = parameters(of: pipeline, spec)
    return known.sorted { $0.key < $1.key }.flatMap { key, names in
      catalog.unknownParameters(of: key, known: names)
    }
  }

  /// The messages of a pipeline that are not as in English in what they name.
  package func strayParameters(of pipelines: [Pipeline]) -> [Diagnostic] {
    let known = pipelines.flatMap { pipeline in
      pipeline.aggregate.map { Array(parameters(of: pipeline, $0).keys) } ?? []
    }
    return catalog.strayParameters(except: Set(known))
  }

  /// Message to the parameters that it gets, for those that the pipeline's own file decides.
  private func parameters(of pipeline: Pipeline, _ spec: AggregateSpec) -> [String: Set<String>] {
    var known: [String: Set<String>] = [:]
    let figures = spec.parameters
    for variant in spec.sentences.flatMap(\.variants) { known[variant.message] = figures }
    for key in catalog.keys(beginningWith: "\(pipeline.name).quality.") { known[key] = ["count"] }
    for table in spec.tables where table.layout == .list {
      guard let by = table.by, let columns = table.columns?.map(\.name) else { continue }
      let names = Set(
        columns.filter { $0 != by } + columns.flatMap { ["\($0).month", "\($0).long"] } + ["count"])
      for key in catalog.keys(beginningWith: "\(pipeline.name).says.\(by).") { known[key] = names }
    }
    let page: Set<String> = ["tenant", "period", "time_zone", "currency", "as_of"]
    for figure in spec.figures { known["\(pipeline.name).definitions.\(figure.name)"] = page }
    return known
  }

  /// Names in a page's template that the report model does not have: they would be left out
  /// silently.
  private func unknownParts(of page: RenderSpec.Page, in spec: AggregateSpec) -> [Diagnostic] {
    let known =
      spec.figures.map { "figures.\($0.name)" } + spec.charts.map { "charts.\($0.name)" }
      + spec.tables.map { "tables.\($0.name)" } + spec.sentences.map { "sentences.\($0.name)" }
    let names = parts[String(page.template.dropLast(5))] ?? []
    return names.filter { name in
      !known.contains(name.name) && !known.contains { name.name.hasPrefix($0 + ".") }
    }.map { name in
      Diagnostic(
        .configuration, "the report has no '\(name.name)'",
        at: .init(file: "\(folder)/\(page.template)", line: name.line, column: name.column),
        hint: NearestWords.hint(for: name.name, in: known))
    }
  }

  /// The faults in the templates of the store's pages: each is missing, or makes a page that breaks
  /// a rule. The pages are made for a tenant that does not exist.
  package func diagnosticsOfStore() -> [Diagnostic] {
    let missing = missingOfStore()
    return missing.isEmpty ? StorePages.trial(of: self) : missing
  }

  /// The messages that a locale lacks but another has: they would be in English on a translated
  /// page.
  package func missingMessages() -> [Diagnostic] {
    catalog.missing().map { locale, key in
      Diagnostic(
        .configuration, "the message '\(key)' is missing",
        at: .init(file: "\(folder)/messages/\(locale).yaml"))
    }
  }
}
