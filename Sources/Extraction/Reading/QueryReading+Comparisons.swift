/// The constants that a column of a table is compared with: table, column, constants as texts.
typealias Comparisons = [String: [String: Set<String>]]

extension QueryReading {
  /// What the queries compare the platform's columns with. Generated rows need such values, or a
  /// query of `kind = 'refund'` finds none.
  var comparisons: Comparisons {
    var found: Comparisons = [:]
    for file in files {
      for node in file.nodes { collect(node, [], &found) }
    }
    return found
  }

  /// - Parameter queries: the queries around the node, the innermost last.
  private func collect(_ node: NodeTree, _ queries: [NodeTree], _ found: inout Comparisons) {
    let queries = node.tag == "QUERY" ? queries + [node] : queries
    if ["OPEXPR", "SCALARARRAYOPEXPR", "DISTINCTEXPR", "NULLIFEXPR"].contains(node.tag) {
      var columns: [(table: String, column: String)] = []
      var constants: Set<String> = []
      for argument in node["args"].flatMap(\.nodes) {
        if let column = origin(of: argument, queries) {
          columns.append(column)
        } else {
          constants.formUnion(Self.constants(in: argument))
        }
      }
      if columns.count == 1, let column = columns.first {
        found[column.table, default: [:]][column.column, default: []].formUnion(constants)
      }
    }
    for child in node.fields.flatMap(\.values).flatMap(\.nodes) {
      collect(child, queries, &found)
    }
  }

  /// The constants that an argument is, alone or in an array. An empty text is none of a kind.
  private static func constants(in argument: NodeTree) -> [String] {
    switch argument.tag {
    case "CONST": Constants.text(of: argument).flatMap { $0.isEmpty ? nil : [$0] } ?? []
    case "RELABELTYPE", "FUNCEXPR", "ARRAY", "ARRAYEXPR", "ARRAYCOERCEEXPR":
      (argument["arg"] + argument["args"] + argument["elements"]).flatMap(\.nodes)
        .flatMap(constants)
    default: []
    }
  }

  /// The column of a table that an expression is, if it is one with no more than another type.
  ///
  /// - Parameter queries: the queries around the expression, the innermost last.
  private func origin(
    of expression: NodeTree, _ queries: [NodeTree]
  ) -> (table: String, column: String)? {
    switch expression.tag {
    case "VAR": return origin(ofReference: expression, queries)
    case "RELABELTYPE", "COERCEVIAIO", "COLLATE", "COLLATEEXPR":
      return expression["arg"].flatMap(\.nodes).first.flatMap {
        origin(of: $0, queries)
      }
    case "FUNCEXPR":
      // A cast, written or not.
      guard [1, 2].contains(expression.number("funcformat") ?? 0) else { return nil }
      return expression["args"].flatMap(\.nodes).first.flatMap {
        origin(of: $0, queries)
      }
    default: return nil
    }
  }

  private func origin(
    ofReference reference: NodeTree, _ queries: [NodeTree]
  ) -> (table: String, column: String)? {
    let level = reference.number("varlevelsup") ?? 0
    guard level < queries.count, let number = reference.number("varno"),
      let column = reference.number("varattno")
    else { return nil }
    let outer = Array(queries.dropLast(level))
    let entries = outer[outer.count - 1]["rtable"].flatMap(\.nodes)
    guard entries.indices.contains(number - 1) else { return nil }
    let entry = entries[number - 1]
    if let relation = entry.number("relid"), relation != 0 {
      guard let name = relations[relation]?.name else { return nil }
      guard let part = files.first(where: { $0.query == nil && $0.view == name }) else {
        return columnNames[relation]?[column].map { (name, $0) }
      }
      return part.nodes.first.flatMap { origin(ofColumn: column, in: $0, []) }
    }
    return entry["subquery"].flatMap(\.nodes).first.flatMap {
      origin(ofColumn: column, in: $0, outer)
    }
  }

  /// The column of a table that a query's column is.
  private func origin(
    ofColumn column: Int, in query: NodeTree, _ outer: [NodeTree]
  ) -> (table: String, column: String)? {
    let target = query["targetList"].flatMap(\.nodes).first { $0.number("resno") == column }
    return target?["expr"].flatMap(\.nodes).first.flatMap {
      origin(of: $0, outer + [query])
    }
  }
}
