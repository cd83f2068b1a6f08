package import Diagnostics
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
  }

  struct Reference: Sendable {
    var table: String
    var column: String
  }

  struct Table: Sendable {
    var name: String
    var columns: [Column]
  }

  /// The schema that holds the tables.
  let schema: String
  /// In alphabetical order.
  let tables: [Table]
  /// Everything that was read, for the fingerprint of a passed trial.
  let fingerprint: String

  /// Reads the catalog of one schema, as the connection's role sees it.
  package init(_ connection: Connection, schema: String) throws(Diagnostic) {
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
          isReadable: try row.bool("is_readable")))
      fingerprint += row.values.map { $0 ?? "" }.joined(separator: "\t") + "\n"
    }
    guard !tables.isEmpty else {
      throw Diagnostic(
        .configuration, "the source has no table in the schema '\(schema)' that this role can see",
        hint: "set source.schema, and give the role its rights with docs/platform-role.sql")
    }
    for row in try connection.query(Self.constraints, [schema]) {
      let table = try row.string("table_name")
      let column = try row.string("column_name")
      let definition = try row.string("definition")
      fingerprint += "\(table)\t\(column)\t\(definition)\n"
      guard let t = tables.firstIndex(where: { $0.name == table }),
        let c = tables[t].columns.firstIndex(where: { $0.name == column })
      else { continue }
      if let target = try row.optionalString("target") {
        tables[t].columns[c].reference = Reference(
          table: target, column: try row.string("target_column"))
      } else {
        tables[t].columns[c].words = Self.words(of: definition)
      }
    }
    let names = Set(tables.map(\.name))
    for t in tables.indices {
      for c in tables[t].columns.indices where tables[t].columns[c].reference == nil {
        // A platform that declares no foreign keys still names the columns after their tables.
        let name = tables[t].columns[c].name
        for suffix in ["_id", "id"] where name.hasSuffix(suffix) && name != "id" {
          let target = String(name.dropLast(suffix.count))
          if names.contains(target) {
            tables[t].columns[c].reference = Reference(table: target, column: "id")
          }
        }
      }
    }
    self.schema = schema
    self.tables = tables
    self.fingerprint = fingerprint
  }

  func table(_ name: String) -> Table? { tables.first { $0.name == name } }

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

  private static let columns = """
    SELECT c.relname AS table_name, a.attname AS column_name,
      pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
      pg_catalog.format_type(a.atttypid, NULL) AS base,
      NOT a.attnotnull AS is_nullable,
      pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT') AS is_readable,
      CASE WHEN a.atttypid = 1700 AND a.atttypmod > 4
        THEN ((a.atttypmod - 4) >> 16) - ((a.atttypmod - 4) & 2047) END AS digits,
      CASE WHEN a.atttypid IN (1042, 1043) AND a.atttypmod > 4 THEN a.atttypmod - 4 END AS length,
      t.typtype <> 'b' OR tn.nspname <> 'pg_catalog' AS is_own_type,
      (SELECT pg_catalog.string_agg(e.enumlabel, E'\\x01' ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = a.atttypid) AS labels
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
    ORDER BY c.relname COLLATE "C", a.attnum
    """

  private static let constraints = """
    SELECT c.relname AS table_name, a.attname AS column_name, r.relname AS target,
      f.attname AS target_column,
      pg_catalog.pg_get_constraintdef(k.oid) AS definition
    FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
    LEFT JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
    LEFT JOIN pg_catalog.pg_attribute f ON f.attrelid = k.confrelid AND f.attnum = k.confkey[1]
    WHERE n.nspname = $1 AND k.contype IN ('f', 'c') AND pg_catalog.cardinality(k.conkey) = 1
    ORDER BY c.relname COLLATE "C", a.attnum, k.conname COLLATE "C"
    """
}
