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
    "name", "period", "scope", "title", "as_of", "extract", "aggregate", "render", "stitch",
    "publish", "links",
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
    let kinds = map.required("period")?.list().compactMap {
      $0.word(of: Period.Kind.allCases.map(\.rawValue)).flatMap(Period.Kind.init(rawValue:))
    }
    let scope = map["scope"]?.word(of: Pipeline.Scope.allCases.map(\.rawValue))
    let asOf = map["as_of"]?.word(of: ["day", "none"])
    let title = titles(map["title"])
    let extract = map.required("extract").flatMap(extractSpec)
    let queries = extract?.queries.map(\.name) ?? []
    let aggregate = map["aggregate"].flatMap { AggregateSpec($0, queries: queries) }
    let render = map["render"].flatMap(RenderSpec.init)
    let stitch = map["stitch"].flatMap { StitchSpec($0, queries: queries) }
    if map["render"] != nil, map["aggregate"] == nil {
      map["render"]?.report("'render' needs 'aggregate': a page shows a report model")
    }
    if map["aggregate"] == nil, map["stitch"] == nil {
      root.report("the rows are not used: 'aggregate' or 'stitch' is missing")
    }
    guard let name, let kinds, let extract else { return nil }
    return Pipeline(
      name: name, file: path, periods: kinds,
      scope: scope.flatMap(Pipeline.Scope.init(rawValue:)) ?? .tenant, title: title,
      dependsOnDay: asOf == "day", extract: extract, aggregate: aggregate, render: render,
      stitch: stitch)
  }

  private func titles(_ node: SpecNode?) -> [String: String] {
    guard let node else { return [:] }
    guard node.isMapping else { return node.string().map { ["en": $0] } ?? [:] }
    var titles: [String: String] = [:]
    for entry in node.mapping()?.entries ?? [] { titles[entry.key] = entry.value.string() }
    return titles
  }

  private func extractSpec(_ node: SpecNode) -> ExtractSpec? {
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
    let queries = (map.required("queries")?.mapping()?.entries ?? []).compactMap {
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
    if queries.isEmpty { map["queries"]?.report("there are no queries") }
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
