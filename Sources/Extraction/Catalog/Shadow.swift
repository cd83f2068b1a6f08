import Diagnostics
import Pipelines
import Postgres

/// What a statement sees of one table: a common table expression of the table's name, with the rows
/// of one tenant and the columns that reports can read.
///
/// A session of the source looks up names in `pg_catalog` alone. So a table without a shadow cannot
/// be named, and no spelling of its name reaches past its shadow but the one with its schema, which
/// the reading of the queries refuses.
struct Shadow: Sendable {
  let table: String
  private let from: String
  private let columns: [String]
  /// Columns that name people. Only the file that applies the privacy settings sees them.
  private let personal: [String]
  /// Columns by which people are reached. Only queries of `deliver` see them.
  private let addresses: [String]
  /// Which rows are the tenant's; `nil` if all rows are.
  private let condition: String?
  /// Whether no condition of the query is tried on a row before this one's. Otherwise a value of
  /// another tenant that a query cannot read could fail this one. A way over another table is
  /// fenced, which costs nothing; a tenant column is not, as it is mostly found by its index and a
  /// fence would cost 40 %.
  private let isFenced: Bool

  /// - Parameters:
  ///   - tenant: the expression of the tenant's id; `nil` for all tenants' rows.
  ///   - schema: the schema that holds the tables.
  ///
  /// Throws `configuration` if the table's rows do not lead to one tenant.
  init(
    _ table: SourceCatalog.Table, in catalog: SourceCatalog, _ extract: ExtractSpec,
    tenant: String?, schema: String
  ) throws(Diagnostic) {
    self.table = table.name
    from = Self.qualified(table.name, schema)
    let platform = extract.platform
    let rules = catalog.rules(for: table.name, platform)
    let readable = table.columns.filter { $0.isReadable && !rules.withheld.contains($0.name) }
    let isNaming: (SourceCatalog.Column) -> Bool = {
      rules.personal?.columns.contains($0.name) ?? false
    }
    let reaching = catalog.addresses(of: table.name, platform)
    let open = readable.filter { !reaching.contains($0.name) }
    columns = open.filter { !isNaming($0) }.map(Self.expression)
    personal = open.filter(isNaming).map(Self.expression)
    addresses = readable.filter { reaching.contains($0.name) }.map(Self.expression)
    if let tenant, !extract.shared.contains(table.name), !catalog.tenancy.hasOneTenant {
      let ownership = try Ownership(of: table, in: catalog, platform)
      condition = ownership.condition(
        tenant: tenant, schema: schema, isText: catalog.tenancy.idType == .text)
      isFenced = if case .column = ownership { false } else { true }
    } else {
      condition = nil
      isFenced = false
    }
  }

  /// The common table expression, `NAME AS …`.
  ///
  /// - Parameters:
  ///   - withNames: whether it has the columns that name people.
  ///   - withAddresses: whether it has the columns by which they are reached.
  ///   - hidden: a further condition.
  func expression(
    withNames: Bool = false, withAddresses: Bool = false, hidden: String? = nil
  ) -> String {
    let columns =
      columns + (withNames ? personal : []) + (withAddresses ? addresses : [])
    let conditions = [condition, hidden].compactMap { $0 }
    return "\(Quoting.identifier(table)) AS NOT MATERIALIZED (SELECT "
      + columns.joined(separator: ", ") + " FROM \(from)"
      + (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
      + (isFenced ? " OFFSET 0)" : ")")
  }

  /// A column of one of the platform's own types is seen as text, by the type's output function: a
  /// cast could call a function of the platform's.
  private static func expression(_ column: SourceCatalog.Column) -> String {
    let name = Quoting.identifier(column.name)
    return column.isOwnType ? value(of: column, name) + " AS \(name)" : name
  }

  /// A column's value as queries see it.
  static func value(of column: SourceCatalog.Column, _ name: String) -> String {
    column.isOwnType
      ? "CASE WHEN \(name) IS NOT NULL THEN pg_catalog.format('%s', \(name)) END" : name
  }

  /// Whether the table has columns that name people.
  var namesPeople: Bool { !personal.isEmpty }

  /// Whether the table has columns by which people are reached.
  var holdsAddresses: Bool { !addresses.isEmpty }

  static func qualified(_ table: String, _ schema: String) -> String {
    Quoting.identifier(schema) + "." + Quoting.identifier(table)
  }
}

extension SourceCatalog {
  /// The shadows of the tables whose names occur in the queries' texts.
  ///
  /// That a name is overlooked, or found where there is only a word like it, does no harm: a table
  /// without a shadow cannot be named.
  ///
  /// - Parameter tenant: the expression of the tenant's id; `nil` for all tenants' rows.
  func shadows(
    for extract: ExtractSpec, tenant: String?, schema: String
  ) -> [Shadow] {
    let texts = (extract.preludes.map(\.sql) + extract.queries.map(\.sql))
    let bytes = Array(texts.joined(separator: "\n").lowercased().utf8)
    return tables.compactMap { table in
      // Bytes, as letter by letter this takes as long as the rest of a tenant's extraction.
      let name = Array(table.name.lowercased().utf8)
      guard table.columns.contains(where: \.isReadable),
        closedColumn(in: table.name, extract.platform) == nil,
        bytes.containsRun(name)
      else { return nil }
      do throws(Diagnostic) {
        return try Shadow(table, in: self, extract, tenant: tenant, schema: schema)
      } catch {
        // The reading of the queries says which tables without a way to the tenant they read.
        return nil
      }
    }
  }
}

extension [UInt8] {
  /// Whether these bytes occur side by side.
  func containsRun(_ wanted: [UInt8]) -> Bool {
    guard let first = wanted.first, count >= wanted.count else { return false }
    for index in 0...(count - wanted.count) where self[index] == first {
      if self[index..<(index + wanted.count)].elementsEqual(wanted) { return true }
    }
    return false
  }
}

/// How the rows of a table lead to their tenant.
indirect enum Ownership: Sendable {
  /// By the tenant's id in a column.
  case column(String)
  /// By the tenant's id in any of several columns: such a row can be of several tenants.
  case anyColumn([String])
  /// By a column that holds the key of a row of another table.
  case through(String, key: String, of: String, Ownership)

  /// Throws `configuration` if there is no way to the tenant, or more than one.
  init(
    of table: SourceCatalog.Table, in catalog: SourceCatalog, _ platform: PlatformSpec
  ) throws(Diagnostic) {
    guard let found = try Self.find(table, catalog, platform, []) else {
      throw Diagnostic(
        .configuration, "the rows of the table '\(table.name)' do not lead to a tenant",
        hint: "if they are the same for all tenants, name the table in extract.shared")
    }
    self = found
  }

  private static func find(
    _ table: SourceCatalog.Table, _ catalog: SourceCatalog, _ platform: PlatformSpec,
    _ passed: [String]
  ) throws(Diagnostic) -> Ownership? {
    let key = catalog.tenancy.key
    if let key, table.name == key.table { return .column(key.column) }
    let named = platform.owners[table.name]
    if let named, let way = try declared(table, named, key) { return way }
    let own = table.columns.filter { key != nil && $0.refers(to: key) }.map(\.name)
      .filter { named?.contains($0) ?? true }
    if own.count == 1 { return .column(own[0]) }
    if let key,
      let usual = own.first(where: { ["\(key.table)id", "\(key.table)_id"].contains($0) })
    {
      return .column(usual)
    }
    if !own.isEmpty { throw ambiguous(table.name, own) }
    var ways: [(column: String, way: Ownership)] = []
    for column in table.columns {
      if let named, !named.contains(column.name) { continue }
      guard let reference = column.reference, !(passed + [table.name]).contains(reference.table),
        let target = catalog.table(reference.table),
        let further = try find(target, catalog, platform, passed + [table.name])
      else { continue }
      ways.append(
        (column.name, .through(column.name, key: reference.column, of: target.name, further)))
    }
    guard ways.count <= 1 else { throw ambiguous(table.name, ways.map(\.column)) }
    return ways.first?.way
  }

  /// The columns that `platform.yaml` names, if each holds the tenant's id: by its foreign key, or
  /// because it refers to nothing else. `nil` if it is one column that leads to another table.
  private static func declared(
    _ table: SourceCatalog.Table, _ named: [String], _ key: BaseColumn?
  ) throws(Diagnostic) -> Ownership? {
    // A column that the source does not have is found by the rules for queries.
    let columns = table.columns.filter { named.contains($0.name) }
    let direct = columns.filter { $0.reference == nil || $0.refers(to: key) }.map(\.name)
    if direct.isEmpty, columns.count == 1 { return nil }
    guard direct.count == columns.count, columns.count == named.count, !columns.isEmpty else {
      throw Diagnostic(
        .configuration,
        "the rows of the table '\(table.name)' do not lead to a tenant by"
          + " \(named.joined(separator: ", "))",
        hint: "several columns in platform.yaml's 'owners' must each hold a tenant's id")
    }
    return direct.count == 1 ? .column(direct[0]) : .anyColumn(direct)
  }

  /// Whether rows of the table lead to a tenant in any way.
  static func leadsToTenant(
    _ table: SourceCatalog.Table, in catalog: SourceCatalog, _ platform: PlatformSpec
  ) -> Bool {
    if catalog.tenancy.hasOneTenant { return false }
    do throws(Diagnostic) {
      return try find(table, catalog, platform, []) != nil
    } catch {
      // In several ways.
      return true
    }
  }

  private static func ambiguous(_ table: String, _ columns: [String]) -> Diagnostic {
    Diagnostic(
      .configuration,
      "the rows of the table '\(table)' lead to a tenant in several ways, by"
        + " \(columns.joined(separator: ", "))",
      hint: "say in platform.yaml by which: owners: {\(table): \(columns[0])}")
  }

  /// The condition that a row is the tenant's.
  ///
  /// - Parameter isText: whether the tenants' ids are texts. A collation can call two of them equal
  ///   that are not; the bytes decide.
  func condition(tenant: String, schema: String, isText: Bool = false) -> String {
    func holds(_ name: String) -> String {
      let column = Quoting.identifier(name)
      return isText
        ? "(\(column) = \(tenant) AND \(column)::text COLLATE \"C\" = \(tenant))"
        : "\(column) = \(tenant)"
    }
    switch self {
    case .column(let name): return holds(name)
    case .anyColumn(let names): return "(" + names.map(holds).joined(separator: " OR ") + ")"
    case .through(let column, let key, let table, let further):
      return "\(Quoting.identifier(column)) IN (SELECT \(Quoting.identifier(key)) FROM"
        + " \(Shadow.qualified(table, schema)) WHERE"
        + " \(further.condition(tenant: tenant, schema: schema, isText: isText)))"
    }
  }

  /// The condition that a row's columns hold the tenant's id; only where columns do.
  func joined(_ row: String, to tenant: String) -> String {
    let names: [String] =
      switch self {
      case .column(let name): [name]
      case .anyColumn(let names): names
      case .through: []
      }
    return "("
      + names.map { "\(row).\(Quoting.identifier($0)) = \(tenant)" }.joined(separator: " OR ") + ")"
  }

  /// A query of all pairs of a tenant and the value of a column in one of its rows: `tenant`,
  /// `value`. The tenants are those of `t (id)`.
  func pairs(_ column: String, of table: String, schema: String) -> String {
    let from = Shadow.qualified(table, schema)
    let value = "r.\(Quoting.identifier(column)) AS value"
    switch self {
    case .column(let name):
      return "SELECT t.id AS tenant, \(value) FROM t JOIN \(from) r"
        + " ON r.\(Quoting.identifier(name)) = t.id"
    case .anyColumn:
      return "SELECT t.id AS tenant, \(value) FROM t JOIN \(from) r"
        + " ON \(joined("r", to: "t.id"))"
    case .through(let own, let key, let target, let further):
      return "SELECT o.tenant, \(value) FROM \(from) r JOIN"
        + " (\(further.pairs(key, of: target, schema: schema))) o"
        + " ON r.\(Quoting.identifier(own)) = o.value"
    }
  }
}

extension SourceCatalog.Column {
  /// Whether the column's foreign key is to this column.
  func refers(to key: BaseColumn?) -> Bool {
    guard let key, let reference else { return false }
    return reference.table == key.table && reference.column == key.column
  }
}
