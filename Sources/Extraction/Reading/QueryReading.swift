import Diagnostics
import Pipelines
import Postgres

/// What the SQL files of a pipeline read and call, by PostgreSQL's own parse of them.
///
/// Each file becomes a view in a schema that holds copies of the platform's tables and is rolled
/// back. A file must be one complete query to become a view. Making a view runs nothing.
struct QueryReading {
  struct Relation: Hashable {
    var schema: String
    var name: String
  }

  struct Function: Hashable {
    var schema: String
    var name: String
    /// With its arguments: `date_part(text,timestamp with time zone)`.
    var signature: String
    /// `i`, `s` or `v`: immutable, stable or volatile.
    var volatility: String
  }

  /// One SQL file.
  struct File {
    var view: String
    var path: String
    var sql: String
    /// `nil` for a common part.
    var query: ExtractSpec.Query?
    var columns: [Column] = []
    var relations: [Relation] = []
    var reads: [(table: String, column: String)] = []
    var functions: [Function] = []
    var nodes: [NodeTree] = []
  }

  private(set) var files: [File]
  /// The relations of the schema by their object identifiers.
  private(set) var relations: [Int: Relation] = [:]
  /// The columns of the schema's relations, by relation and number.
  private(set) var columnNames: [Int: [Int: String]] = [:]
  private(set) var timeObjects = TimeObjects()

  /// Makes the views in `schema`, which the session looks up names in.
  ///
  /// Throws the errors of the files that PostgreSQL does not accept, with their places.
  init(_ extract: ExtractSpec, on connection: Connection, schema: String) throws {
    files =
      extract.preludes.map { File(view: $0.name, path: $0.file, sql: $0.sql) }
      + extract.queries.enumerated().map {
        File(view: "query \($0)", path: $1.file, sql: $1.sql, query: $1)
      }
    var faults: [Diagnostic] = []
    for index in files.indices {
      do {
        try connection.savepoint { files[index].columns = try Self.make(files[index], connection) }
      } catch let error as Diagnostic {
        faults.append(error)
        // What is built on a faulty part would only fail after it.
        if files[index].query == nil { break }
      }
    }
    guard faults.isEmpty else { throw Diagnostics(faults) }
    try read(connection, schema)
  }

  private static func make(_ file: File, _ connection: Connection) throws(Diagnostic) -> [Column] {
    let head = "CREATE VIEW \(Quoting.identifier(file.view)) AS\n"
    do throws(Diagnostic) {
      // With parameters, if only none: the server then accepts exactly one statement.
      try connection.query(head + file.sql)
    } catch {
      guard let server = error.underlying as? PostgresError else { throw error }
      var located = error
      located.subject.file = file.path
      if server.sqlState == "42501" || server.sqlState == "3F000" {
        // The trial's role sees no schema but its own, and needs none.
        located.hint =
          "write the names of tables and functions alone: the schema is source.schema"
      }
      let offset = (server.position ?? 0) - 1 - head.unicodeScalars.count
      if offset >= 0 {
        let before = file.sql.unicodeScalars.prefix(offset)
        located.subject.line = before.count { $0 == "\n" } + 1
        located.subject.column = before.reversed().prefix { $0 != "\n" }.count + 1
      }
      throw located
    }
    return try connection.describe("SELECT * FROM \(Quoting.identifier(file.view))")
  }

  private mutating func read(_ connection: Connection, _ schema: String) throws(Diagnostic) {
    for row in try connection.query(Self.attributes, [schema]) {
      let relation = try row.int("relation")
      relations[relation] = Relation(schema: schema, name: try row.string("name"))
      columnNames[relation, default: [:]][try row.int("number")] = try row.string("column_name")
    }
    timeObjects = try TimeObjects(connection)
    let views = Dictionary(uniqueKeysWithValues: files.enumerated().map { ($1.view, $0) })
    var own: [String: Int] = [:]
    for row in try connection.query(Self.rules, [schema]) {
      guard let index = views[try row.string("name")] else { continue }
      own[files[index].view] = try row.int("relation")
      files[index].nodes = try NodeTree.nodes(of: row.string("tree"))
    }
    // A file whose parse is not found would break no rule.
    if let unread = files.first(where: { $0.nodes.isEmpty }) {
      throw Diagnostic(
        .configuration, "PostgreSQL's parse of the file is not found", at: .init(file: unread.path),
        hint: "a name in extract.with has at most 63 letters")
    }
    for row in try connection.query(Self.dependencies, [schema]) {
      guard let index = views[try row.string("view_name")] else { continue }
      files[index].reads.append((try row.string("table_name"), try row.string("column_name")))
    }
    for index in files.indices {
      var found = Objects(files[index].nodes)
      // Older servers list the view itself among what it reads.
      found.relations.remove(own[files[index].view] ?? 0)
      files[index].relations = try connection.query(
        Self.relations, [Quoting.array(found.relations.sorted().map(String.init))]
      ).map { row throws(Diagnostic) in
        Relation(schema: try row.string("schema"), name: try row.string("name"))
      }
      files[index].functions = try connection.query(
        Self.functions,
        [
          Quoting.array(found.functions.sorted().map(String.init)),
          Quoting.array(found.operators.sorted().map(String.init)),
        ]
      ).map { row throws(Diagnostic) in
        Function(
          schema: try row.string("schema"), name: try row.string("name"),
          signature: try row.string("signature"), volatility: try row.string("volatility"))
      }
    }
  }

  /// The object identifiers in a parse.
  private struct Objects {
    var relations: Set<Int> = []
    var functions: Set<Int> = []
    var operators: Set<Int> = []

    init(_ nodes: [NodeTree]) {
      var found: (relations: Set<Int>, functions: Set<Int>, operators: Set<Int>) = ([], [], [])
      for node in nodes {
        node.forEach { node in
          for (name, _) in node.fields {
            switch name {
            case "relid": node.number(name).map { _ = found.relations.insert($0) }
            case "funcid", "opfuncid", "aggfnoid", "winfnoid", "hashfuncid", "negfuncid":
              node.number(name).map { _ = found.functions.insert($0) }
            case "opno": node.number(name).map { _ = found.operators.insert($0) }
            default: break
            }
          }
        }
      }
      relations = found.relations.subtracting([0])
      functions = found.functions.subtracting([0])
      operators = found.operators.subtracting([0])
    }
  }

  /// The constants in the files' texts, as PostgreSQL reads them.
  struct Constants {
    var texts: Set<String> = []
    var integers: Set<Int> = []
    /// The values of `date`, `timestamp` and `timestamptz` constants, file by file in their order.
    var times: [(file: String, type: Int, value: Int64)] = []

    fileprivate mutating func add(_ node: NodeTree, in file: String) {
      guard node.tag == "CONST", let type = node.number("consttype"), let bytes = node.constantBytes
      else { return }
      switch type {
      case 20, 21, 23: integers.insert(Self.integer(of: bytes))
      case 1082, 1114, 1184: times.append((file, type, Self.number(of: bytes)))
      default: if let text = Self.text(of: node) { texts.insert(text) }
      }
    }

    /// A constant text or integer, as text.
    static func text(of constant: NodeTree) -> String? {
      guard let type = constant.number("consttype"), let bytes = constant.constantBytes else {
        return nil
      }
      switch type {
      // Before a text stands its length. An unknown literal ends with a NUL instead.
      case 25, 1042, 1043: return String(decoding: bytes.dropFirst(4), as: UTF8.self)
      case 705: return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      case 20, 21, 23: return String(integer(of: bytes))
      default: return nil
      }
    }

    private static func number(of bytes: [UInt8]) -> Int64 {
      bytes.reversed().reduce(0) { $0 << 8 | Int64($1) }
    }

    private static func integer(of bytes: [UInt8]) -> Int {
      Int(Int32(truncatingIfNeeded: number(of: bytes)))
    }
  }

  var constants: Constants {
    var found = Constants()
    for file in files {
      for node in file.nodes { node.forEach { found.add($0, in: file.path) } }
    }
    return found
  }

  private static let rules = """
    SELECT c.oid::bigint AS relation, c.relname AS name, w.ev_action::text AS tree
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
    WHERE n.nspname = $1 AND c.relkind = 'v'
    """

  private static let attributes = """
    SELECT c.oid::bigint AS relation, c.relname AS name, a.attnum AS number, a.attname AS column_name
    FROM pg_catalog.pg_class c
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE n.nspname = $1 AND c.relkind IN ('r', 'v')
    """

  private static let dependencies = """
    SELECT DISTINCT v.relname AS view_name, c.relname AS table_name, a.attname AS column_name
    FROM pg_catalog.pg_class v
    JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
    JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
      AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0
    JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relnamespace = v.relnamespace AND c.relkind = 'r'
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE n.nspname = $1 AND v.relkind = 'v'
    ORDER BY 1, 2, 3
    """

  private static let relations = """
    SELECT n.nspname AS schema, c.relname AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY ($1::oid[])
    ORDER BY 1, 2
    """

  private static let functions = """
    SELECT n.nspname AS schema, p.proname AS name, p.oid::pg_catalog.regprocedure::text AS signature,
      p.provolatile AS volatility
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    WHERE p.oid = ANY ($1::oid[])
      OR p.oid IN (SELECT o.oprcode FROM pg_catalog.pg_operator o WHERE o.oid = ANY ($2::oid[]))
    ORDER BY 1, 2, 3
    """
}
