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
  }

  /// A tenant whose rows are asked for, and its cut-off, unless the period ends before:
  /// microseconds since 1970.
  struct Tenant {
    var id: String
    var cutoff: Int64
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
  private(set) var tenants: [String: Int64] = [:]

  init(
    _ table: SourceCatalog.Table, schema: String, _ ownership: Ownership?, idType: TenantIDType
  ) {
    self.idType = idType
    self.table = table
    self.schema = schema
    self.ownership = ownership
  }

  mutating func add(columns: [String], times: [String], tenants: [Tenant]) {
    if !columnSets.contains(columns) { columnSets.append(columns) }
    for column in times where !timeColumns.contains(column) { timeColumns.append(column) }
    for tenant in tenants { self.tenants[tenant.id] = tenant.cutoff }
  }

  /// The findings by owner. An owner without rows is not among them.
  func run(
    on connection: Connection, seeds: Fingerprinter.Seeds
  ) throws(Diagnostic) -> [Owner: Found] {
    var found: [Owner: Found] = [:]
    for row in try connection.query(statement(seeds)) {
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
      let tenant = try row.optionalString("tenant")
      found[tenant.map(Owner.tenant) ?? .everybody] = Found(
        rows: try row.int("rows"), sums: sums, nextTimes: times)
    }
    return found
  }

  private func statement(_ seeds: Fingerprinter.Seeds) -> String {
    let isTogether = ownership == nil
    var inner = isTogether ? [] : ["t.id AS tenant", "t.cutoff"]
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
    // Rows that all tenants share: not before the earliest cut-off.
    let earliest = tenants.values.min().map(Self.moment) ?? "'-infinity'::timestamptz"
    let cutoff = isTogether ? earliest : "q.cutoff"
    for (place, name) in timeColumns.enumerated() {
      inner.append("\(time(name)) AS m\(place)")
      let least =
        "min(q.m\(place)) FILTER (WHERE q.m\(place) >= \(cutoff) AND isfinite(q.m\(place)))"
      outer.append("\(Self.microseconds(least)) AS next_\(place)")
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
    let ordered = tenants.sorted { $0.key < $1.key }
    let ids = Quoting.literal(Quoting.array(ordered.map(\.key)))
    let cutoffs = Quoting.literal(Quoting.array(ordered.map { String($0.value) }))
    return "WITH t AS (SELECT a.id, \(Self.moment("a.microseconds")) AS cutoff"
      + " FROM unnest(\(ids)::\(idType.rawValue)[], \(cutoffs)::bigint[]) a (id, microseconds))\n"
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
