import Diagnostics
import Postgres

/// The tables whose row-level security would hide rows from the source's role.
///
/// The session's `row_security` is off, so PostgreSQL refuses a statement that a policy would
/// filter, even where a policy would let all rows pass. It does so in the server's language. The
/// catalog says the same beforehand, with names.
struct RowSecurity: Sendable {
  private struct Hidden: Hashable {
    var table: String
    /// The source's role, or the owner of a view.
    var role: String
    var isOwner: Bool
  }

  /// A table or view of the platform's schema, and what is hidden under it.
  private let hiding: [String: [Hidden]]

  init(_ connection: Connection, schema: String) throws(Diagnostic) {
    var hiding: [String: [Hidden]] = [:]
    for row in try connection.query(Self.hidden, [schema]) {
      hiding[try row.string("relation"), default: []].append(
        Hidden(
          table: try row.string("hidden"), role: try row.string("role"),
          isOwner: try row.bool("is_owner")))
    }
    self.hiding = hiding
  }

  /// The tables and views that hide rows, in alphabetical order.
  var relations: [String] { hiding.keys.sorted() }

  /// The diagnostic for a statement that names these tables or views; `nil` if none of them hides
  /// rows.
  func fault(of relations: some Sequence<String>) -> Diagnostic? {
    let found = Set(relations.flatMap { hiding[$0] ?? [] })
    let roles = Set(found.map(\.role)).sorted()
    guard let role = roles.first else { return nil }
    let hidden = found.filter { $0.role == role }
    let tables = Set(hidden.map(\.table)).sorted()
    let more =
      hidden.contains(where: \.isOwner)
      ? ", and refresh its materialized views: a view reads with the rights of its owner" : ""
    return Diagnostic(
      .configuration,
      "row-level security hides rows of \(tables.joined(separator: ", ")) from the role '\(role)', so"
        + " a report would not be complete",
      hint: "as a superuser: ALTER ROLE \(Quoting.identifier(role)) BYPASSRLS\(more); a"
        + " policy that lets all rows pass is not enough")
  }

  /// A view reads with its owner's rights, unless it is a `security_invoker`. A materialized view
  /// holds what its owner could see when it was refreshed. Without a policy of its own, a foreign
  /// table shows what the other server shows: nobody here can tell.
  private static let hidden = """
    WITH RECURSIVE reads (relation, part, reader) AS (
      SELECT c.relname, c.oid, r.oid
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_catalog.pg_roles r ON r.rolname = current_user
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
      UNION
      SELECT r.relation, d.refobjid,
        CASE WHEN v.relkind = 'v' AND EXISTS (
          SELECT FROM unnest(v.reloptions) AS o
          WHERE o ~* '^security_invoker=(true|on|yes|1|t|y)$') THEN r.reader ELSE v.relowner END
      FROM reads r
      JOIN pg_catalog.pg_class v ON v.oid = r.part AND v.relkind IN ('v', 'm')
      JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
      JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND d.refobjid <> v.oid
    )
    SELECT DISTINCT r.relation, u.rolname AS role, u.rolname <> current_user AS is_owner,
      pg_catalog.format('%I.%I', n.nspname, t.relname) AS hidden
    FROM reads r
    JOIN pg_catalog.pg_class t ON t.oid = r.part AND t.relkind IN ('r', 'p') AND t.relrowsecurity
    JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
    JOIN pg_catalog.pg_roles u ON u.oid = r.reader
    WHERE NOT u.rolsuper AND NOT u.rolbypassrls
      AND (t.relforcerowsecurity OR NOT pg_catalog.pg_has_role(u.oid, t.relowner, 'USAGE'))
    ORDER BY 1, 2, 3
    """
}
