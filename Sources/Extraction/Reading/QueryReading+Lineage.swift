/// A column of a table of the platform.
struct BaseColumn: Hashable {
  var table: String
  var column: String
}

extension QueryReading {
  /// The columns whose values, or parts of them, can be in a column of a query's result.
  ///
  /// What only decides (a condition, a comparison, an order) or is only counted is none of them.
  ///
  /// - Parameters:
  ///   - query: the query's parse.
  ///   - outer: the queries around it, the innermost last.
  ///   - through: whether to look behind what a common part gives.
  func sources(
    ofColumn column: Int, in query: NodeTree, _ outer: [NodeTree] = [], through: (File) -> Bool
  ) -> Set<BaseColumn> {
    let queries = outer + [query]
    var found: Set<BaseColumn> = []
    for target in query["targetList"].flatMap(\.nodes) where target.number("resno") == column {
      for node in target["expr"].flatMap(\.nodes) {
        found.formUnion(sources(of: node, queries, through))
      }
    }
    guard !query["setOperations"].flatMap(\.nodes).isEmpty else { return found }
    // Each leg of a UNION gives the column.
    for entry in query["rtable"].flatMap(\.nodes) {
      for leg in entry["subquery"].flatMap(\.nodes) {
        found.formUnion(sources(ofColumn: column, in: leg, queries, through: through))
      }
    }
    return found
  }

  private func sources(
    of node: NodeTree, _ queries: [NodeTree], _ through: (File) -> Bool
  ) -> Set<BaseColumn> {
    func all(_ fields: [String]) -> Set<BaseColumn> {
      fields.flatMap { node[$0] }.flatMap(\.nodes).reduce(into: []) {
        $0.formUnion(sources(of: $1, queries, through))
      }
    }
    switch node.tag {
    case "VAR": return sources(ofReference: node, queries, through)
    case "CONST", "NULLTEST", "BOOLEANTEST", "BOOLEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR",
      "ROWCOMPARE", "ROWCOMPAREEXPR", "GROUPINGFUNC":
      return []
    // 16 is the type boolean.
    case "OPEXPR": return node.number("opresulttype") == 16 ? [] : all(["args"])
    case "CASE", "CASEEXPR": return all(["args", "defresult"])
    case "WHEN", "CASEWHEN": return all(["result"])
    // 2147 and 2803 are count(any) and count(*).
    case "AGGREF": return [2147, 2803].contains(node.number("aggfnoid")) ? [] : all(["args"])
    case "WINDOWFUNC": return [2147, 2803].contains(node.number("winfnoid")) ? [] : all(["args"])
    case "TARGETENTRY":
      // What an aggregate only orders by is junk.
      if case .word("true")? = node["resjunk"].first { return [] }
      return all(["expr"])
    case "SUBLINK":
      // 0 is EXISTS, 1 and 2 compare.
      if [0, 1, 2].contains(node.number("subLinkType")) { return [] }
      return node["subselect"].flatMap(\.nodes).reduce(into: []) {
        $0.formUnion(sources(ofColumn: 1, in: $1, queries, through: through))
      }
    default: return all(node.fields.map(\.name))
    }
  }

  private func sources(
    ofReference reference: NodeTree, _ queries: [NodeTree], _ through: (File) -> Bool
  ) -> Set<BaseColumn> {
    let level = reference.number("varlevelsup") ?? 0
    guard level < queries.count, let number = reference.number("varno"),
      let column = reference.number("varattno")
    else { return [] }
    let outer = Array(queries.dropLast(level))
    let entries = outer[outer.count - 1]["rtable"].flatMap(\.nodes)
    guard entries.indices.contains(number - 1) else { return [] }
    return sources(ofColumn: column, of: entries[number - 1], outer, through)
  }

  /// The sources of a column of an entry of a range table: a table, a common part, a sub-query, a
  /// common table expression, a join or a function.
  private func sources(
    ofColumn column: Int, of entry: NodeTree, _ queries: [NodeTree], _ through: (File) -> Bool
  ) -> Set<BaseColumn> {
    if let relation = entry.number("relid"), relation != 0 {
      guard let name = relations[relation]?.name else { return [] }
      guard let part = files.first(where: { $0.query == nil && $0.view == name }) else {
        return columnNames[relation]?[column].map { [BaseColumn(table: name, column: $0)] } ?? []
      }
      guard through(part), let query = part.nodes.first else { return [] }
      return sources(ofColumn: column, in: query, through: through)
    }
    if let query = entry["subquery"].flatMap(\.nodes).first {
      return sources(ofColumn: column, in: query, queries, through: through)
    }
    if case .word(let name)? = entry["ctename"].first {
      let around = Array(queries.dropLast(entry.number("ctelevelsup") ?? 0))
      let expression = around.last?["cteList"].flatMap(\.nodes).first {
        if case .word(name)? = $0["ctename"].first { true } else { false }
      }
      // A recursive expression names itself within: it gives what it begins with.
      guard let query = expression?["ctequery"].flatMap(\.nodes).first,
        entry["self_reference"].first.map({ if case .word("true") = $0 { false } else { true } })
          ?? true
      else { return [] }
      return sources(ofColumn: column, in: query, around, through: through)
    }
    let joined = entry["joinaliasvars"].flatMap(\.nodes)
    if joined.indices.contains(column - 1) {
      return sources(of: joined[column - 1], queries, through)
    }
    // A function in FROM: any of its columns can come from any of its arguments.
    return (entry["functions"] + entry["values_lists"]).flatMap(\.nodes).reduce(into: []) {
      $0.formUnion(sources(of: $1, queries, through))
    }
  }
}
