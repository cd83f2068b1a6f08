import Diagnostics
import Foundation

/// Reads one `pipeline.yaml` and the files that it names. All faults are thrown at once.
struct PipelineFile {
  let folder: String
  /// What holds for the platform's tables in all pipelines.
  var platform = PlatformSpec()
  /// The same of other sources, by name.
  var sources: [String: PlatformSpec] = [:]

  private static let keys = [
    "name", "period", "scope", "title", "as_of", "extract", "each", "aggregate", "render", "stitch",
    "publish", "links", "deliver",
  ]

  func read() throws(Diagnostics) -> Pipeline {
    let path = "\(folder)/pipeline.yaml"
    let reader = SpecReader(file: path)
    let pipeline = read(path, reader)
    try reader.finish()
    guard let pipeline else {
      throw Diagnostics([
        Diagnostic(.bug, "an unreadable pipeline was not reported", at: .init(file: path))
      ])
    }
    return pipeline
  }

  private func read(_ path: String, _ reader: SpecReader) -> Pipeline? {
    guard let text = PipelineFile.text(of: path) else {
      reader.report("not a readable UTF-8 file", line: nil, column: nil)
      return nil
    }
    guard let root = reader.parse(text), let map = root.mapping(keys: PipelineFile.keys) else {
      return nil
    }
    let expectedName = folder.split(separator: "/").last.map(String.init) ?? folder
    let name = map.required("name")?.string()
    if let name, name != expectedName {
      map["name"]?.report("the name '\(name)' is not the folder's name, '\(expectedName)'")
    }
    if name == "shared" {
      map["name"]?.report("the name 'shared' is taken: tenants' shares are below it in the store")
    }
    let kinds = map.required("period")?.list().compactMap {
      $0.word(of: Period.Kind.allCases.map(\.rawValue)).flatMap(Period.Kind.init(rawValue:))
    }
    let scope = map["scope"]?.word(of: Pipeline.Scope.allCases.map(\.rawValue))
    let asOf = map["as_of"]?.word(of: ["day", "none"])
    let title = titles(map["title"])
    var extract = map.required("extract").flatMap {
      extractSpec($0, hasDelivery: map["deliver"] != nil)
    }
    let queries = extract?.queries.map(\.name) ?? []
    let each = map["each"].flatMap { EachSpec($0, queries: queries) }
    let aggregate = map["aggregate"].flatMap { AggregateSpec($0, queries: queries) }
    let render = map["render"].flatMap(RenderSpec.init)
    let stitch = map["stitch"].flatMap { StitchSpec($0, queries: queries) }
    let deliver = map["deliver"].flatMap(DeliverSpec.init)
    if let node = map["deliver"], let deliver {
      extract?.queries += deliveryQueries(deliver, node, known: queries)
      if scope == Pipeline.Scope.platform.rawValue {
        node.report(
          "'deliver' is for pipelines of scope 'tenant': a message is of one tenant",
          hint: "the operator is told by 'operator: {channel: …, address: …}' in yearbook.yaml")
      }
    }
    if map["render"] != nil, map["aggregate"] == nil {
      map["render"]?.report("'render' needs 'aggregate': a page shows a report model")
    }
    if map["aggregate"] == nil, map["stitch"] == nil {
      if deliver == nil {
        root.report("the rows are not used: 'aggregate', 'stitch' or 'deliver' is missing")
      }
      for message in deliver?.messages ?? [] where !message.isOfRows {
        map["deliver"]?.report(
          "'\(message.name)' tells of a release, but the pipeline makes none",
          hint: "add 'aggregate' or 'stitch', or use 'rows' instead of 'to'")
      }
    }
    guard let name, let kinds, let extract else { return nil }
    if let each, let node = map["each"] {
      let faults = each.faults(
        of: extract, aggregate, render, hasFilm: stitch != nil,
        isOfPlatform: scope == Pipeline.Scope.platform.rawValue)
      for fault in faults { node.report(fault) }
    }
    return Pipeline(
      name: name, file: path, periods: kinds,
      scope: scope.flatMap(Pipeline.Scope.init(rawValue:)) ?? .tenant, title: title,
      dependsOnDay: asOf == "day", extract: extract, each: each, aggregate: aggregate,
      render: render, stitch: stitch, deliver: deliver)
  }

  /// The queries that `deliver` names, each once. They are files beside this one, as all queries
  /// are.
  private func deliveryQueries(
    _ deliver: DeliverSpec, _ node: SpecNode, known: [String]
  ) -> [ExtractSpec.Query] {
    var made: [ExtractSpec.Query] = []
    for entry in node.mapping()?.entries ?? [] {
      guard let message = deliver.messages.first(where: { $0.name == entry.key }),
        let settings = entry.value.mapping()
      else { continue }
      if known.contains(message.query) {
        entry.value.report(
          "the query '\(message.query)' is in 'extract': a query of addresses has a file of its own"
        )
        continue
      }
      let order = (settings["order"]?.list() ?? []).compactMap(self.order)
      if let place = made.firstIndex(where: { $0.name == message.query }) {
        if !order.isEmpty { made[place].order = order }
        continue
      }
      guard let sql = sql("\(message.query).sql", entry.value) else { continue }
      made.append(
        ExtractSpec.Query(
          name: message.query, file: "\(folder)/\(message.query).sql", sql: sql,
          order: order.isEmpty
            ? (message.key.isEmpty ? ["address"] : message.key).map {
              ExtractSpec.Order(column: $0, descending: false)
            } : order,
          silent: settings["silent"]?.string(), isForDelivery: true))
    }
    return made
  }

  private func titles(_ node: SpecNode?) -> [String: String] {
    guard let node else { return [:] }
    guard node.isMapping else { return node.string().map { ["en": $0] } ?? [:] }
    var titles: [String: String] = [:]
    for entry in node.mapping()?.entries ?? [] { titles[entry.key] = entry.value.string() }
    return titles
  }

  private func extractSpec(_ node: SpecNode, hasDelivery: Bool) -> ExtractSpec? {
    guard let map = node.mapping(keys: ["source", "with", "queries", "shared"]) else { return nil }
    let preludes = (map["with"]?.mapping()?.entries ?? []).compactMap {
      entry -> ExtractSpec.Prelude? in
      // `name: file` is short for `name: {file: file}`.
      let map = entry.value.isMapping ? entry.value.mapping(keys: ["file", "inline"]) : nil
      let node = entry.value.isMapping ? map?.required("file") : entry.value
      guard let name = entry.keyNode.name(), let node, let file = node.string(),
        let sql = sql(file, node)
      else { return nil }
      return ExtractSpec.Prelude(
        name: name, file: "\(folder)/\(file)", sql: sql,
        isInline: map?["inline"]?.boolean() ?? false)
    }
    let listed = hasDelivery ? map["queries"] : map.required("queries")
    let queries = (listed?.mapping()?.entries ?? []).compactMap {
      entry -> ExtractSpec.Query? in
      guard let name = entry.keyNode.name(),
        let settings = entry.value.mapping(keys: ["order", "silent", "combine", "key"]),
        let sql = sql("\(name).sql", entry.keyNode)
      else { return nil }
      let order = (settings["order"]?.list() ?? []).compactMap(self.order)
      let combine = settings["combine"].flatMap { self.combine($0, order) }
      if let key = settings["key"], combine == nil {
        key.report("'key' needs 'combine: FILE.sql': otherwise the order is the key")
      }
      return ExtractSpec.Query(
        name: name, file: "\(folder)/\(name).sql", sql: sql,
        order: combine == nil ? order : (settings["key"]?.list() ?? []).compactMap(self.order),
        silent: settings["silent"]?.string(), combine: combine)
    }
    if queries.isEmpty, !hasDelivery { map["queries"]?.report("there are no queries") }
    let source = map["source"].flatMap { $0.name() }
    return ExtractSpec(
      preludes: preludes, queries: queries,
      shared: (map["shared"]?.list() ?? []).compactMap { $0.string() }, source: source,
      platform: source.map { sources[$0] ?? PlatformSpec() } ?? platform)
  }

  /// `union`, or an SQL file beside the pipeline file.
  private func combine(
    _ node: SpecNode, _ order: [ExtractSpec.Order]
  ) -> ExtractSpec.Combine? {
    guard let file = node.string(), file != "union" else { return nil }
    guard file.hasSuffix(".sql") else {
      node.report("expected 'union' or the name of an SQL file, found '\(file)'")
      return nil
    }
    return sql(file, node).map {
      ExtractSpec.Combine(file: "\(folder)/\(file)", sql: $0, order: order)
    }
  }

  /// `column` or `column desc`
  private func order(_ node: SpecNode) -> ExtractSpec.Order? {
    guard let text = node.string() else { return nil }
    let words = text.split(separator: " ").map(String.init)
    guard let column = words.first, SpecNode.isName(column), words.count <= 2,
      words.count == 1 || ["asc", "desc"].contains(words[1])
    else {
      node.report("expected 'column', 'column asc' or 'column desc', found '\(text)'")
      return nil
    }
    return ExtractSpec.Order(column: column, descending: words.count == 2 && words[1] == "desc")
  }

  private func sql(_ file: String, _ node: SpecNode) -> String? {
    let path = "\(folder)/\(file)"
    guard let text = PipelineFile.text(of: path) else {
      node.report("the file '\(path)' does not exist or is not UTF-8")
      return nil
    }
    let trimmed = PipelineFile.trimmed(text)
    if trimmed.isEmpty { node.report("the file '\(path)' is empty") }
    return trimmed
  }

  /// Without the white space at its end.
  static func trimmed(_ text: String) -> String {
    var trimmed = Substring(text)
    while let last = trimmed.last, last.isWhitespace { trimmed.removeLast() }
    return String(trimmed)
  }

  static func text(of path: String) -> String? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return String(validating: data, as: UTF8.self)
  }
}
