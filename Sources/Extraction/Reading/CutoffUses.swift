/// How the queries of a pipeline use `cutoff_at` and `previous_ends_at`, which move with every run.
///
/// If the cut-off is only ever compared with values that stand in columns of tables, the queries
/// give the same for two cut-offs between which no such value lies: each comparison has the same
/// outcome, so everything that is computed from outcomes and rows is the same. So each mention of
/// `cutoff_at` in PostgreSQL's parse must be one side of such a comparison. Or its place in the
/// calendar is taken, `date_trunc('month', …)`: that stays the same within the month. The same is
/// true of `previous_ends_at`, without the calendar.
///
/// A side can also be a CASE that chooses among these moments: then the value is compared with each
/// of them, and the conditions are walked as all else.
struct CutoffUses {
  /// A moment of `partition` that moves with the run.
  enum Moving: String {
    case cutoff = "cutoff_at"
    case previousEnd = "previous_ends_at"
  }

  /// The values that an expression can have, apart from NULL.
  struct Values: Equatable {
    /// Any value in one of these columns.
    var columns: Set<BaseColumn> = []
    /// Any time of the row of `partition`, apart from the cut-off.
    var hasPeriod = false

    mutating func add(_ other: Values) {
      columns.formUnion(other.columns)
      hasPeriod = hasPeriod || other.hasPeriod
    }
  }

  private let reading: QueryReading
  /// What each moment is compared with.
  private(set) var compared: [Moving: Values] = [:]
  private(set) var units: Set<String> = []
  /// The paths of files with other uses.
  private(set) var others: [String] = []

  private static let partition = "partition"
  private static let periodTimes: Set<String> = ["starts_at", "ends_at", "previous_starts_at"]
  /// The columns of `partition` that do not move with the run. Any other is taken to move.
  private static let still: Set<String> = periodTimes.union([
    "tenant_id", "period_starts", "as_of", "time_zone", "currency", "locale", "privacy",
    "known_from", "known_until",
  ])
  /// Units that are much longer than a clock is ever changed by.
  private static let knownUnits: Set<String> = ["week", "month", "quarter", "year"]

  init(of reading: QueryReading) {
    self.reading = reading
    for file in reading.files {
      var isSound = true
      for node in file.nodes { walk(node, [], &isSound) }
      if !isSound { others.append(file.path) }
    }
  }

  /// - Parameter queries: the queries around the node, the innermost last.
  private mutating func walk(_ node: NodeTree, _ queries: [NodeTree], _ isSound: inout Bool) {
    let queries = node.tag == "QUERY" ? queries + [node] : queries
    if let column = partitionColumn(node, queries), !Self.still.contains(column) {
      isSound = false
      return
    }
    if let unit = unit(of: node, queries) {
      units.insert(unit)
      return
    }
    if let (choice, other) = comparison(in: node, queries) {
      if let found = values(of: other, queries) {
        for moment in choice.moments { compared[moment, default: Values()].add(found) }
      } else {
        isSound = false
      }
      // They can hold other comparisons.
      for part in choice.conditions + [other] { walk(part, queries, &isSound) }
      return
    }
    // The columns of a join stand here whether they are used or not.
    for field in node.fields where field.name != "joinaliasvars" {
      for child in field.values.flatMap(\.nodes) { walk(child, queries, &isSound) }
    }
  }

  /// Which moments an expression can be, and what it chooses them by.
  private struct Choice {
    var moments: Set<Moving> = []
    var conditions: [NodeTree] = []
  }

  /// The moving moments that the node compares, and what with; `nil` if it is no such comparison.
  private func comparison(
    in node: NodeTree, _ queries: [NodeTree]
  ) -> (choice: Choice, other: NodeTree)? {
    guard node.tag == "OPEXPR", let operation = node.number("opno"),
      reading.timeObjects.comparisons.contains(operation)
    else { return nil }
    let sides = node["args"].flatMap(\.nodes)
    guard sides.count == 2 else { return nil }
    for (place, side) in sides.enumerated() {
      if let choice = choice(of: side, queries), !choice.moments.isEmpty {
        return (choice, sides[1 - place])
      }
    }
    return nil
  }

  /// `nil` if the expression can be anything else than a moment of `partition`.
  private func choice(of node: NodeTree, _ queries: [NodeTree]) -> Choice? {
    switch node.tag {
    case "VAR":
      guard let column = partitionColumn(node, queries) else { return nil }
      if let moment = Moving(rawValue: column) { return Choice(moments: [moment]) }
      return Self.periodTimes.contains(column) ? Choice() : nil
    case "CASE", "CASEEXPR":
      let branches = node["args"].flatMap(\.nodes)
      var choice = Choice(
        conditions: (node["arg"] + branches.flatMap { $0["expr"] }).flatMap(\.nodes))
      for result in (branches.flatMap { $0["result"] } + node["defresult"]).flatMap(\.nodes) {
        guard let found = self.choice(of: result, queries) else { return nil }
        choice.moments.formUnion(found.moments)
        choice.conditions += found.conditions
      }
      return choice
    case "CONST":
      // A CASE without ELSE. NULL has the same outcome at any moment.
      if case .word("true")? = node["constisnull"].first { return Choice() }
      return nil
    default: return nil
    }
  }

  /// The unit, for `date_trunc('month', cutoff_at AT TIME ZONE time_zone)`, also where at most an
  /// hour is taken off the cut-off.
  private func unit(of node: NodeTree, _ queries: [NodeTree]) -> String? {
    let objects = reading.timeObjects
    guard node.tag == "FUNCEXPR", let function = node.number("funcid"),
      objects.truncations.contains(function)
    else { return nil }
    let arguments = node["args"].flatMap(\.nodes)
    guard arguments.count == 2, let unit = QueryReading.Constants.text(of: arguments[0]),
      Self.knownUnits.contains(unit)
    else { return nil }
    var time = arguments[1]
    if time.tag == "OPEXPR", let operation = time.number("opno"),
      objects.subtractions.contains(operation)
    {
      let sides = time["args"].flatMap(\.nodes)
      guard sides.count == 2, Self.isShortInterval(sides[1]) else { return nil }
      time = sides[0]
    }
    guard time.tag == "FUNCEXPR", let function = time.number("funcid"),
      objects.zoneChanges.contains(function)
    else { return nil }
    let parts = time["args"].flatMap(\.nodes)
    guard parts.count == 2, partitionColumn(parts[0], queries) == "time_zone",
      isCutoff(parts[1], queries)
    else { return nil }
    return unit
  }

  /// From nothing to an hour. An interval has microseconds, days and months.
  private static func isShortInterval(_ node: NodeTree) -> Bool {
    guard node.tag == "CONST", node.number("consttype") == 1186, let bytes = node.constantBytes,
      bytes.count == 16, bytes[8...].allSatisfy({ $0 == 0 })
    else { return false }
    let time = Int64(bitPattern: bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) })
    return (0...3_600_000_000).contains(time)
  }

  private func isCutoff(_ node: NodeTree, _ queries: [NodeTree]) -> Bool {
    partitionColumn(node, queries) == Moving.cutoff.rawValue
  }

  /// The column of `partition` that a reference names itself, also by way of a join.
  private func partitionColumn(_ node: NodeTree, _ queries: [NodeTree]) -> String? {
    guard node.tag == "VAR", let (entry, column, around) = entry(of: node, queries) else {
      return nil
    }
    if let relation = entry.number("relid"), relation != 0 {
      guard reading.relations[relation]?.name == Self.partition else { return nil }
      return reading.columnNames[relation]?[column]
    }
    let joined = entry["joinaliasvars"].flatMap(\.nodes)
    guard joined.indices.contains(column - 1) else { return nil }
    return partitionColumn(joined[column - 1], around)
  }

  /// The entry of a range table that a reference names, with the queries around it.
  private func entry(
    of reference: NodeTree, _ queries: [NodeTree]
  ) -> (entry: NodeTree, column: Int, queries: [NodeTree])? {
    let level = reference.number("varlevelsup") ?? 0
    guard level < queries.count, let number = reference.number("varno"),
      let column = reference.number("varattno")
    else { return nil }
    let around = Array(queries.dropLast(level))
    let entries = around[around.count - 1]["rtable"].flatMap(\.nodes)
    guard entries.indices.contains(number - 1) else { return nil }
    return (entries[number - 1], column, around)
  }

  // MARK: - Where values come from

  /// `nil` if the expression can have a value that stands in no column.
  private func values(of node: NodeTree, _ queries: [NodeTree]) -> Values? {
    switch node.tag {
    case "VAR": return values(ofReference: node, queries)
    case "RELABELTYPE": return all(node["arg"], queries)
    case "COALESCE", "COALESCEEXPR", "MINMAX", "MINMAXEXPR": return all(node["args"], queries)
    case "CASE", "CASEEXPR":
      let results = node["args"].flatMap(\.nodes).flatMap { $0["result"] }
      return all(results + node["defresult"], queries)
    case "CONST":
      if case .word("true")? = node["constisnull"].first { return Values() }
      return nil
    case "FUNCEXPR":
      // A date or a timestamp as a moment, written or not: its midnight or its time in UTC.
      guard [1, 2].contains(node.number("funcformat") ?? 0),
        node.number("funcresulttype") == 1184
      else { return nil }
      let arguments = node["args"].flatMap(\.nodes)
      return arguments.count == 1 && arguments[0].tag == "VAR"
        ? values(of: arguments[0], queries) : nil
    case "AGGREF":
      guard let function = node.number("aggfnoid"), reading.timeObjects.choices.contains(function)
      else { return nil }
      return all(node["args"].flatMap(\.nodes).flatMap { $0["expr"] }, queries)
    case "WINDOWFUNC":
      guard let function = node.number("winfnoid"), reading.timeObjects.choices.contains(function)
      else { return nil }
      return all(node["args"], queries)
    default: return nil
    }
  }

  private func all(_ expressions: [NodeTree.Value], _ queries: [NodeTree]) -> Values? {
    var found = Values()
    for node in expressions.flatMap(\.nodes) {
      guard let more = values(of: node, queries) else { return nil }
      found.add(more)
    }
    return found
  }

  private func values(ofReference reference: NodeTree, _ queries: [NodeTree]) -> Values? {
    // A date, a timestamp without or with a time zone.
    guard [1082, 1114, 1184].contains(reference.number("vartype") ?? 0),
      let (entry, column, around) = entry(of: reference, queries)
    else { return nil }
    if let relation = entry.number("relid"), relation != 0 {
      guard let name = reading.relations[relation]?.name,
        let columnName = reading.columnNames[relation]?[column]
      else { return nil }
      if name == Self.partition {
        return Self.periodTimes.contains(columnName) ? Values(hasPeriod: true) : nil
      }
      if let part = reading.files.first(where: { $0.query == nil && $0.view == name }) {
        return part.nodes.first.flatMap { values(ofColumn: column, in: $0, []) }
      }
      return Values(columns: [BaseColumn(table: name, column: columnName)])
    }
    if let query = entry["subquery"].flatMap(\.nodes).first {
      return values(ofColumn: column, in: query, around)
    }
    if case .word(let name)? = entry["ctename"].first {
      let outer = Array(around.dropLast(entry.number("ctelevelsup") ?? 0))
      let expression = outer.last?["cteList"].flatMap(\.nodes).first {
        if case .word(name)? = $0["ctename"].first { true } else { false }
      }
      guard case .word("false")? = entry["self_reference"].first,
        let query = expression?["ctequery"].flatMap(\.nodes).first
      else { return nil }
      return values(ofColumn: column, in: query, outer)
    }
    let joined = entry["joinaliasvars"].flatMap(\.nodes)
    guard joined.indices.contains(column - 1) else { return nil }
    return values(of: joined[column - 1], around)
  }

  private func values(
    ofColumn column: Int, in query: NodeTree, _ outer: [NodeTree]
  ) -> Values? {
    let queries = outer + [query]
    if !query["setOperations"].flatMap(\.nodes).isEmpty {
      // Each leg of a UNION gives the column.
      var found = Values()
      for leg in query["rtable"].flatMap(\.nodes).flatMap({ $0["subquery"].flatMap(\.nodes) }) {
        guard let more = values(ofColumn: column, in: leg, queries) else { return nil }
        found.add(more)
      }
      return found
    }
    let target = query["targetList"].flatMap(\.nodes).first { $0.number("resno") == column }
    return target.flatMap { all($0["expr"], queries) }
  }
}
