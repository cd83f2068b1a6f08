/// The `each:` part of a pipeline file: its report is not one of the tenant, but one for each of
/// some people.
package struct EachSpec: Sendable, Hashable {
  /// The query whose rows are the people, one row each.
  package var dataset: String
  /// The column with a person's id, in each query that is not shared.
  package var key: String
  /// The column of `dataset` with a person's name.
  package var name: String
  /// The queries whose rows all of them see.
  package var shared: [String]
  package var place: SpecPlace

  /// Reads the part. Faults are reported to the node's reader.
  init?(_ node: SpecNode, queries: [String]) {
    guard let map = node.mapping(keys: ["from", "key", "name", "shared"]) else { return nil }
    guard let dataset = map.required("from")?.query(of: queries),
      let key = map.required("key")?.name(), let name = map.required("name")?.name()
    else { return nil }
    self.dataset = dataset
    self.key = key
    self.name = name
    shared = (map["shared"]?.list() ?? []).compactMap { $0.query(of: queries) }
    place = node.place
    if shared.contains(dataset) {
      node.report("the query '\(dataset)' has a row for each person, and cannot be shared")
    }
  }

  /// The faults of a pipeline that has this part.
  func faults(
    of extract: ExtractSpec, _ aggregate: AggregateSpec?, _ render: RenderSpec?, hasFilm: Bool,
    isOfPlatform: Bool
  ) -> [String] {
    var faults: [String] = []
    if aggregate == nil || render == nil {
      faults.append("'each' needs 'aggregate' and 'render': a person's report is a page")
    }
    if hasFilm { faults.append("'each' makes no films: 'stitch' is of a whole tenant") }
    if isOfPlatform { faults.append("'each' is for pipelines of scope 'tenant'") }
    if render?.links.isEmpty == false {
      faults.append("a person's page links to no other report: remove 'links'")
    }
    if let render, render.pages.map(\.name) != ["index.html"] {
      faults.append("a person's report is one page, 'index.html'")
    }
    for table in aggregate?.tables ?? []
    where table.picture != nil || table.publish != nil || table.pages != nil {
      faults.append(
        "the table '\(table.name)' of a person's page has no pictures, files or pages of its own")
    }
    // Rows are read person by person, side by side.
    for query in extract.queries where !query.isForDelivery && !shared.contains(query.name) {
      if query.order.first?.column != key || query.order.first?.descending == true {
        faults.append("the order of '\(query.name)' must begin with '\(key)', or it is 'shared'")
      }
    }
    return faults
  }
}
