import Diagnostics
import Pipelines
import Postgres

/// The fingerprints of one table: a statement that reads each row once.
///
/// A fingerprint is the number of rows and two sums of hashes, one hash of each row under each of
/// two seeds. It does not depend on the order of rows, and counts equal rows as often as they are
/// there. A row is hashed in the form in which its values are sent (`record_send`), in which two
/// values that print differently differ, even where PostgreSQL calls them equal: 1.0 and 1.00, 'a'
/// and 'A' of a type that ignores case, one month and 30 days.
struct TableScan {
  /// Whose rows a fingerprint is of.
  enum Owner: Hashable {
    /// All rows of the table.
    case everybody
    case tenant(String)
  }

  /// What was found of one owner's rows.
  struct Found {
    var rows: Int
    /// For each set of columns.
    var sums: [String]
    /// The least value that is not before the cut-off in each column of times; microseconds since
    /// 1970. `nil` if there is none.
    var nextTimes: [Int64?]
    /// For each comparison the greatest value that is not after the moment, and the least that is
    /// not before it.
    var around: [(before: Int64?, after: Int64?)]
  }

  /// A tenant whose rows are asked for. Its moments in microseconds since 1970.
  struct Tenant {
    var id: String
    /// The cut-off, unless the period ends before.
    var cutoff: Int64
    /// `previous_ends_at` of periods that have not ended.
    var previousEnds: [Period: Int64]
  }

  /// A column that is compared with `previous_ends_at` of a period.
  struct Comparison: Hashable {
    var column: String
    var period: Period
  }

  let table: SourceCatalog.Table
  let schema: String
  /// `nil` for all rows together.
  let ownership: Ownership?
  /// The type of the tenants' ids.
  let idType: TenantIDType
  /// Each set in order.
  private(set) var columnSets: [[String]] = []
  private(set) var timeColumns: [String] = []
  private(set) var comparisons: [Comparison] = []
  private(set) var tenants: [String: Tenant] = [:]

  init(
    _ table: SourceCatalog.Table, schema: String, _ ownership: Ownership?, idType: TenantIDType
  ) {
    self.idType = idType
    self.table = table
    self.schema = schema
    self.ownership = ownership
  }

  /// - Parameters:
  ///   - times: the columns that are compared with the cut-off.
  ///   - compared: the columns that are compared with `previous_ends_at` of the tenants' periods.
  mutating func add(
    columns: [String], times: [String], compared: [String], tenants: [Tenant]
  ) {
    if !columnSets.contains(columns) { columnSets.append(columns) }
    for column in times where !timeColumns.contains(column) { timeColumns.append(column) }
    let periods = Set(tenants.flatMap(\.previousEnds.keys)).sorted()
    for column in compared {
      for period in periods {
        let comparison = Comparison(column: column, period: period)
        if !comparisons.contains(comparison) { comparisons.append(comparison) }
      }
    }
    for tenant in tenants {
      self.tenants[tenant.id, default: tenant].previousEnds
        .merge(tenant.previousEnds) { known, _ in known }
    }
  }

  /// The periods whose `previous_ends_at` the scan asks for.
  private var periods: [Period] { Set(comparisons.map(\.period)).sorted() }

  /// The findings by owner. An owner without rows is not among them.
  func run(
    on connection: Connection, seeds: Fingerprinter.Seeds
  ) throws(Diagnostic) -> [Owner: Found] {
    var found: [Owner: Found] = [:]
    // For this statement alone: with PostgreSQL's 4 MB, a large table's join goes over the disk.
    try connection.execute("SET LOCAL work_mem = '64MB'")
    let rows = try connection.query(statement(seeds))
    try connection.execute("SET LOCAL work_mem TO DEFAULT")
    for row in rows {
      var sums: [String] = []
      for place in columnSets.indices {
        let parts = try [
          row.optionalString("first_\(place)"), row.optionalString("second_\(place)"),
        ]
        sums.append(parts.compactMap { $0 }.joined(separator: ":"))
      }
      var times: [Int64?] = []
      for place in timeColumns.indices {
        times.append(try row.optionalString("next_\(place)").flatMap { Int64($0) })
      }
      var around: [(before: Int64?, after: Int64?)] = []
      for place in comparisons.indices {
        around.append(
          (
            try row.optionalString("before_\(place)").flatMap { Int64($0) },
            try row.optionalString("after_\(place)").flatMap { Int64($0) }
          ))
      }
      let tenant = try row.optionalString("tenant")
      found[tenant.map(Owner.tenant) ?? .everybody] = Found(
        rows: try row.int("rows"), sums: sums, nextTimes: times, around: around)
    }
    return found
  }

  private func statement(_ seeds: Fingerprinter.Seeds) -> String {
    let isTogether = ownership == nil
    let periods = periods
    var inner =
      isTogether ? [] : ["t.id AS tenant", "t.cutoff"] + periods.indices.map { "t.e\($0)" }
    var outer = isTogether ? ["NULL::text AS tenant"] : ["q.tenant::text AS tenant"]
    outer.append("count(*)::text AS rows")
    for (place, names) in columnSets.enumerated() {
      let values = names.compactMap { name in table.columns.first { $0.name == name } }
        .map { Shadow.value(of: $0, "r." + Quoting.identifier($0.name)) }
      // Without columns only the number of rows counts.
      guard !values.isEmpty else {
        outer += ["NULL::text AS first_\(place)", "NULL::text AS second_\(place)"]
        continue
      }
      inner.append("ARRAY[record_send(ROW(\(values.joined(separator: ", "))))] AS x\(place)")
      for (name, seed) in [("first", seeds.first), ("second", seeds.second)] {
        outer.append(
          "sum(hash_array_extended(q.x\(place), '\(seed)'::bigint))::text AS \(name)_\(place)")
      }
    }
    var values: [String: String] = [:]
    for name in timeColumns + comparisons.map(\.column) where values[name] == nil {
      values[name] = "q.m\(values.count)"
      inner.append("\(time(name)) AS m\(values.count - 1)")
    }
    // Rows that all tenants share: the least and the greatest of the tenants' moments.
    func bound(_ moments: [Int64], _ own: String, least: Bool) -> String {
      guard isTogether else { return "q.\(own)" }
      return (least ? moments.min() : moments.max()).map(Self.moment) ?? "NULL::timestamptz"
    }
    func found(_ choice: String, _ value: String, _ sign: String, _ bound: String) -> String {
      let aggregate = "\(choice)(\(value)) FILTER (WHERE \(value) \(sign) \(bound))"
      return Self.microseconds("CASE WHEN isfinite(\(aggregate)) THEN \(aggregate) END")
    }
    let cutoff = bound(tenants.values.map(\.cutoff), "cutoff", least: true)
    for (place, name) in timeColumns.enumerated() {
      outer.append("\(found("min", values[name] ?? "", ">=", cutoff)) AS next_\(place)")
    }
    for (place, comparison) in comparisons.enumerated() {
      let value = values[comparison.column] ?? ""
      let moments = tenants.values.compactMap { $0.previousEnds[comparison.period] }
      let own = "e\(periods.firstIndex(of: comparison.period) ?? 0)"
      let (low, high) = (
        bound(moments, own, least: false), bound(moments, own, least: true)
      )
      outer.append("\(found("max", value, "<=", low)) AS before_\(place)")
      outer.append("\(found("min", value, ">=", high)) AS after_\(place)")
    }
    if inner.isEmpty { inner = ["1 AS one"] }
    // With the fence a row's form is made once, not for each seed.
    return (isTogether ? "" : asked)
      + "SELECT \(outer.joined(separator: ", "))\nFROM (SELECT \(inner.joined(separator: ", "))"
      + "\nFROM \(source)\nOFFSET 0) q" + (isTogether ? "" : "\nGROUP BY q.tenant")
  }

  /// The tenants with their cut-offs, `t`. As literals, so that the server knows how many they are:
  /// it reads a few tenants' rows by an index.
  private var asked: String {
    let ordered = tenants.sorted { $0.key < $1.key }.map(\.value)
    func array(_ values: [String?], _ type: String) -> String {
      "\(Quoting.literal(Quoting.array(values)))::\(type)[]"
    }
    var columns = [("cutoff", array(ordered.map { String($0.cutoff) }, "bigint"))]
    for (place, period) in periods.enumerated() {
      let ends = ordered.map { $0.previousEnds[period].map { String($0) } }
      columns.append(("e\(place)", array(ends, "bigint")))
    }
    let moments = columns.map { "\(Self.moment("a.\($0.0)")) AS \($0.0)" }
    // The planner takes an array's elements for mostly equal, and would put all rows into a hash
    // table. Told that they differ, it puts the tenants there.
    let distinct = if case .column? = ownership { "DISTINCT ON (a.id) " } else { "" }
    return "WITH t AS (SELECT \(distinct)a.id, \(moments.joined(separator: ", ")) FROM unnest("
      + ([array(ordered.map(\.id), idType.rawValue)] + columns.map(\.1)).joined(separator: ", ")
      + ") a (\((["id"] + columns.map(\.0)).joined(separator: ", "))))\n"
  }

  /// A column as a moment. A date that no moment can have counts as a far one.
  private func time(_ name: String) -> String {
    let value = "r." + Quoting.identifier(name)
    let isDate = table.columns.first { $0.name == name }?.base == "date"
    return isDate ? "least(\(value), '9999-12-31'::date)::timestamptz" : "\(value)::timestamptz"
  }

  private var source: String {
    let rows = Shadow.qualified(table.name, schema) + " r"
    switch ownership {
    case nil: return rows
    case .column(let name): return "t JOIN \(rows) ON r.\(Quoting.identifier(name)) = t.id"
    case .anyColumn: return "t JOIN \(rows) ON \(ownership?.joined("r", to: "t.id") ?? "false")"
    case .through(let column, let key, let target, let further):
      // A row counts once for a tenant, however many rows lead it there.
      return "t JOIN (SELECT DISTINCT p.tenant, p.value FROM"
        + " (\(further.pairs(key, of: target, schema: schema))) p) o ON o.tenant = t.id"
        + "\nJOIN \(rows) ON r.\(Quoting.identifier(column)) = o.value"
    }
  }

  /// The moment so many microseconds after 1970.
  private static func moment(_ microseconds: Int64) -> String { moment(String(microseconds)) }

  private static func moment(_ expression: String) -> String {
    "('epoch'::timestamptz + \(expression) * interval '1 microsecond')"
  }

  /// Microseconds since 1970, as text.
  static func microseconds(_ moment: String) -> String {
    "round((extract(epoch FROM \(moment)) * 1000000)::numeric)::text"
  }
}
