package import Diagnostics
import Pipelines
package import Postgres

/// The tables of the platform's schema, from its catalog.
///
/// Statements see a table through a shadow that is made from it, and the isolation trial rebuilds
/// the tables.
package struct SourceCatalog: Sendable {
  struct Column: Sendable {
    var name: String
    /// With its length: `character varying(50)`. A type that the platform defines becomes `text`.
    var type: String
    var base: String
    /// The length of a `char(n)` or `varchar(n)`.
    var length: Int?
    /// The values that a CHECK or an enumerated type allows; empty if all are allowed.
    var words: [String] = []
    /// How many digits a `numeric(n, …)` has before the point.
    var digits: Int?
    /// The table that this column refers to, and the key there.
    var reference: Reference?
    var isNullable: Bool
    /// Whether the source's role can read it.
    var isReadable: Bool
    /// Whether its type is one that the platform defines, and no domain.
    var isOwnType: Bool
    /// The type's name in the platform: `app.amount`.
    var declared: String
  }

  struct Reference: Sendable {
    var table: String
    var column: String
  }

  struct Table: Sendable {
    var name: String
    var columns: [Column]

    subscript(column: String) -> Column? { columns.first { $0.name == column } }
  }

  /// In alphabetical order.
  let tables: [Table]
  /// Table to the tables that it inherits from, near and far.
  private let parents: [String: [String]]
  /// View to the columns of tables that it reads, also by way of other views.
  private let viewColumns: [String: [(table: String, column: String)]]
  /// Everything that was read, for the fingerprint of a passed trial.
  private let read: String
  /// The columns that other columns refer to.
  let referred: Set<BaseColumn>
  /// How the tenants are known.
  var tenancy = Tenancy()

  /// Everything that decides what queries see, for the fingerprint of a passed trial.
  var fingerprint: String { read + tenancy.fingerprint }

  /// Reads the catalog of one schema, as the connection's role sees it.
  ///
  /// - Parameter withChecks: Whether to read what tables' CHECKs say: PostgreSQL locks a table to
  ///   print them, and so waits for whoever changes it.
  package init(
    _ connection: Connection, schema: String, withChecks: Bool = true
  ) throws(Diagnostic) {
    var tables: [Table] = []
    var fingerprint = ""
    for row in try connection.query(Self.columns, [schema]) {
      let name = try row.string("table_name")
      if tables.last?.name != name { tables.append(Table(name: name, columns: [])) }
      let base = try row.string("base")
      let labels = try row.optionalString("labels")
      let isOwnType = try row.bool("is_own_type")
      tables[tables.count - 1].columns.append(
        Column(
          name: try row.string("column_name"), type: isOwnType ? "text" : try row.string("type"),
          base: isOwnType ? "text" : base, length: try row.optionalInt("length"),
          words: labels.map { $0.split(separator: "\u{1}").map(String.init) } ?? [],
          digits: try row.optionalInt("digits"), isNullable: try row.bool("is_nullable"),
          isReadable: try row.bool("is_readable"), isOwnType: isOwnType,
          declared: try row.string("declared")))
      fingerprint += row.values.map { $0 ?? "" }.joined(separator: "\t") + "\n"
    }
    guard !tables.isEmpty else {
      throw Diagnostic(
        .configuration, "the source has no table in the schema '\(schema)' that this role can see",
        hint: "set source.schema, and give the role its rights with docs/platform-role.sql")
    }
    for row in try connection.query(Self.domainChecks, [schema]) {
      let table = try row.string("table_name")
      let column = try row.string("column_name")
      let definition = try row.string("definition")
      fingerprint += "\(table)\t\(column)\t\(definition)\n"
      guard let t = tables.firstIndex(where: { $0.name == table }),
        let c = tables[t].columns.firstIndex(where: { $0.name == column })
      else { continue }
      let words = Self.words(of: definition)
      if !words.isEmpty { tables[t].columns[c].words = words }
    }
    var foreign: Set<String> = []
    for row in try connection.query(Self.constraints, [schema, withChecks ? "f,c" : "f"]) {
      let table = try row.string("table_name")
      let column = try row.string("column_name")
      let definition = try row.string("definition")
      fingerprint += "\(table)\t\(column)\t\(definition)\n"
      guard let t = tables.firstIndex(where: { $0.name == table }),
        let c = tables[t].columns.firstIndex(where: { $0.name == column })
      else { continue }
      if try row.bool("is_key"), try row.optionalString("target") == nil {
        // It refers to a table of another schema, whatever its name says.
        foreign.insert("\(table).\(column)")
      } else if let target = try row.optionalString("target") {
        tables[t].columns[c].reference = Reference(
          table: target, column: try row.string("target_column"))
      } else if case let words = Self.words(of: definition), !words.isEmpty {
        tables[t].columns[c].words = words
      }
    }
    let names = Set(tables.filter { $0.columns.contains { $0.name == "id" } }.map(\.name))
    for t in tables.indices {
      for c in tables[t].columns.indices where tables[t].columns[c].reference == nil {
        // A platform that declares no foreign keys still names the columns after their tables.
        let name = tables[t].columns[c].name
        if foreign.contains("\(tables[t].name).\(name)") { continue }
        for suffix in ["_id", "id"] where name.hasSuffix(suffix) && name != "id" {
          let target = String(name.dropLast(suffix.count))
          if names.contains(target) {
            tables[t].columns[c].reference = Reference(table: target, column: "id")
          }
        }
      }
    }
    var parents: [String: [String]] = [:]
    for row in try connection.query(Self.inheritance, [schema]) {
      let (child, parent) = (try row.string("child"), try row.string("parent"))
      parents[child, default: []].append(parent)
      fingerprint += "child\t\(child)\t\(parent)\n"
    }
    var viewColumns: [String: [(table: String, column: String)]] = [:]
    for row in try connection.query(Self.views, [schema]) {
      let (view, table, column) = (
        try row.string("view_name"), try row.string("table_name"), try row.string("column_name")
      )
      viewColumns[view, default: []].append((table, column))
      fingerprint += "view\t\(view)\t\(table)\t\(column)\n"
    }
    self.parents = parents
    self.viewColumns = viewColumns
    self.tables = tables
    read = fingerprint
    referred = Set(
      tables.flatMap(\.columns).compactMap { column in
        column.reference.map { BaseColumn(table: $0.table, column: $0.column) }
      })
  }

  /// A catalog of these tables, which have no keys.
  init(tables: [Table]) {
    self.tables = tables
    (parents, viewColumns, referred, read) = ([:], [:], [], "")
  }

  /// Where another catalog first says something else; `nil` if it says the same.
  package func difference(to other: SourceCatalog) -> String? {
    if fingerprint == other.fingerprint { return nil }
    for (one, two) in zip(tables, other.tables) {
      if one.name != two.name { return "the table '\(min(one.name, two.name))'" }
      for (a, b) in zip(one.columns, two.columns) where "\(a)" != "\(b)" {
        return "the column '\(one.name).\(a.name)'"
      }
      if one.columns.count != two.columns.count { return "the columns of '\(one.name)'" }
    }
    return tables.count == other.tables.count
      ? "their constraints" : "\(tables.count) and \(other.tables.count) tables"
  }

  func table(_ name: String) -> Table? { tables.first { $0.name == name } }

  /// What holds for a table's columns: its own rules, and those of the tables that it inherits
  /// from.
  func rules(
    for table: String, _ platform: PlatformSpec
  ) -> (withheld: Set<String>, personal: PlatformSpec.Personal?) {
    let kin = [table] + (parents[table] ?? [])
    return (
      Set(kin.flatMap { platform.withheld[$0] ?? [] }),
      kin.lazy.compactMap { platform.personal[$0] }.first
    )
  }

  /// The columns of a table by which people are reached, its own and those that it inherits.
  func addresses(of table: String, _ platform: PlatformSpec) -> Set<String> {
    Set(([table] + (parents[table] ?? [])).flatMap { platform.addresses[$0] ?? [] })
  }

  /// A column that a view reads and reports must not, or not without the privacy settings; `nil`
  /// for a table, and for a view that reads none.
  func closedColumn(in view: String, _ platform: PlatformSpec) -> String? {
    viewColumns[view]?.first { read in
      let rules = rules(for: read.table, platform)
      return rules.withheld.contains(read.column)
        || addresses(of: read.table, platform).contains(read.column)
        || rules.personal?.columns.contains(read.column) ?? false
    }.map { "\($0.table).\($0.column)" }
  }

  /// The literals of a CHECK that allows a list: `ARRAY['A'::bpchar, 'I'::bpchar]`, `ARRAY[0, 1]`.
  static func words(of definition: String) -> [String] {
    guard let open = definition.firstRange(of: "ARRAY["),
      let close = definition[open.upperBound...].firstIndex(of: "]")
    else { return [] }
    return definition[open.upperBound..<close].split(separator: ",").map { element in
      var text = element.drop { $0 == " " || $0 == "(" }
      if text.first == "'" {
        text = text.dropFirst()
        return String(text.prefix { $0 != "'" })
      }
      return String(text.prefix { $0 != ":" && $0 != ")" && $0 != " " })
    }
  }

  /// What the schema's columns are in the end: a domain is what it is a domain over, however many
  /// lie on one another, and an array of a domain is an array of that. Each step has its row.
  private static let types = """
    types (oid, base, modifier, is_array) AS (
      SELECT DISTINCT a.atttypid, a.atttypid, -1, false
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND a.attnum > 0
      UNION ALL
      SELECT s.oid, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
        CASE WHEN t.typtype = 'd' AND s.modifier = -1 THEN t.typtypmod ELSE s.modifier END,
        s.is_array OR t.typtype <> 'd'
      FROM types s
      JOIN pg_catalog.pg_type t ON t.oid = s.base
      WHERE t.typtype = 'd' OR t.typcategory = 'A'
    )
    """

  /// The CHECKs of the domains that columns have.
  private static let domainChecks = """
    WITH RECURSIVE \(types)
    SELECT c.relname AS table_name, a.attname AS column_name,
      pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN types s ON s.oid = a.atttypid AND NOT s.is_array
    JOIN pg_catalog.pg_constraint k ON k.contypid = s.base AND k.contype = 'c'
    WHERE n.nspname = $1
    ORDER BY 1, 2, k.conname COLLATE "C"
    """

  private static let columns = """
    WITH RECURSIVE \(types)
    SELECT c.relname AS table_name, a.attname AS column_name,
      pg_catalog.format_type(b.oid, m.modifier) || y.brackets AS type,
      pg_catalog.format_type(b.oid, NULL) || y.brackets AS base,
      pg_catalog.format_type(a.atttypid, a.atttypmod) AS declared,
      NOT a.attnotnull AND NOT t.typnotnull AS is_nullable,
      pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS is_readable,
      CASE WHEN b.oid = 1700 AND m.modifier > 4
        THEN ((m.modifier - 4) >> 16) - ((m.modifier - 4) & 2047) END AS digits,
      CASE WHEN b.oid IN (1042, 1043) AND m.modifier > 4 THEN m.modifier - 4 END AS length,
      b.typtype <> 'b' OR bn.nspname <> 'pg_catalog' AS is_own_type,
      (SELECT pg_catalog.string_agg(e.enumlabel, E'\\x01' ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = b.oid AND y.brackets = '') AS labels
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN types s ON s.oid = a.atttypid
    JOIN pg_catalog.pg_type b ON b.oid = s.base AND b.typtype <> 'd' AND b.typcategory <> 'A'
    JOIN pg_catalog.pg_namespace bn ON bn.oid = b.typnamespace
    CROSS JOIN LATERAL (
      SELECT CASE WHEN s.modifier <> -1 THEN s.modifier ELSE a.atttypmod END) m (modifier)
    CROSS JOIN LATERAL (SELECT CASE WHEN s.is_array THEN '[]' ELSE '' END) y (brackets)
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    ORDER BY c.relname COLLATE "C", a.attnum
    """

  private static let constraints = """
    SELECT c.relname AS table_name, a.attname AS column_name, r.relname AS target,
      k.contype = 'f' AS is_key,
      f.attname AS target_column,
      pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid AND r.relnamespace = c.relnamespace
    LEFT JOIN pg_catalog.pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
    WHERE n.nspname = $1 AND k.contype::text = ANY (pg_catalog.string_to_array($2, ','))
      AND pg_catalog.cardinality(k.conkey) = 1
    ORDER BY c.relname COLLATE "C", a.attnum, k.conname COLLATE "C"
    """

  private static let inheritance = """
    WITH RECURSIVE kin (child, parent) AS (
      SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits
      UNION
      SELECT k.child, i.inhparent FROM kin k JOIN pg_catalog.pg_inherits i ON i.inhrelid = k.parent
    )
    SELECT c.relname AS child, p.relname AS parent
    FROM kin k
    JOIN pg_catalog.pg_class c ON c.oid = k.child
    JOIN pg_catalog.pg_class p ON p.oid = k.parent
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = $1
    ORDER BY 1, 2
    """

  private static let views = """
    WITH RECURSIVE uses (view, relation, number) AS (
      SELECT w.ev_class, d.refobjid, d.refobjsubid
      FROM pg_catalog.pg_rewrite w
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid <> w.ev_class
      UNION
      -- A whole row as one value stands for all columns.
      SELECT w.ev_class, d.refobjid, a.attnum
      FROM pg_catalog.pg_rewrite w
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid <> w.ev_class
      JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum > 0
      WHERE w.ev_action::text LIKE '%:varattno 0 %'
    ), reach (view, relation, number) AS (
      SELECT view, relation, number FROM uses
      UNION
      SELECT r.view, u.relation, u.number FROM reach r JOIN uses u ON u.view = r.relation
    )
    SELECT DISTINCT v.relname AS view_name, c.relname AS table_name, a.attname AS column_name
    FROM reach r
    JOIN pg_catalog.pg_class v ON v.oid = r.view
    JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
    JOIN pg_catalog.pg_class c ON c.oid = r.relation AND c.relkind IN ('r', 'p', 'f')
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = r.number AND a.attnum > 0
    WHERE n.nspname = $1
    ORDER BY 1, 2, 3
    """
}
