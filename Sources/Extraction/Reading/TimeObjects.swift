import Diagnostics
import Postgres

/// The server's own operators and functions on times, by their object identifiers.
struct TimeObjects {
  /// Comparisons of two values, each a date or a timestamp.
  var comparisons: Set<Int> = []
  /// `date_trunc` of a timestamp without a time zone.
  var truncations: Set<Int> = []
  /// A moment `AT TIME ZONE` a named zone.
  var zoneChanges: Set<Int> = []
  /// A timestamp without a time zone less an interval.
  var subtractions: Set<Int> = []
  /// Functions that give one of the values they are given.
  var choices: Set<Int> = []

  init() {}

  init(_ connection: Connection) throws(Diagnostic) {
    for row in try connection.query(Self.objects) {
      let object = try row.int("object")
      switch try row.string("kind") {
      case "comparison": comparisons.insert(object)
      case "truncation": truncations.insert(object)
      case "zone change": zoneChanges.insert(object)
      case "subtraction": subtractions.insert(object)
      default: choices.insert(object)
      }
    }
  }

  private static let objects = """
    WITH times (type) AS (
      VALUES ('date'::pg_catalog.regtype), ('timestamp'::pg_catalog.regtype),
        ('timestamptz'::pg_catalog.regtype)
    ), functions AS (
      -- The types are counted from 0.
      SELECT p.oid, p.proname AS name, p.pronargs AS count,
        p.proargtypes[0] AS first, p.proargtypes[1] AS second
      FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
    )
    SELECT 'comparison' AS kind, o.oid::bigint AS object FROM pg_catalog.pg_operator o
    WHERE o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace
      AND o.oprname IN ('<', '<=', '=', '<>', '>=', '>')
      AND o.oprleft IN (SELECT type FROM times) AND o.oprright IN (SELECT type FROM times)
    UNION ALL
    SELECT 'subtraction', o.oid::bigint FROM pg_catalog.pg_operator o
    WHERE o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace AND o.oprname = '-'
      AND o.oprleft = 'timestamp'::pg_catalog.regtype AND o.oprright = 'interval'::pg_catalog.regtype
    UNION ALL
    SELECT 'truncation', oid::bigint FROM functions
    WHERE name = 'date_trunc' AND count = 2 AND first = 'text'::pg_catalog.regtype
      AND second = 'timestamp'::pg_catalog.regtype
    UNION ALL
    SELECT 'zone change', oid::bigint FROM functions
    WHERE name = 'timezone' AND count = 2 AND first = 'text'::pg_catalog.regtype
      AND second = 'timestamptz'::pg_catalog.regtype
    UNION ALL
    SELECT 'choice', oid::bigint FROM functions
    WHERE count = 1 AND (name IN ('min', 'max') AND first IN (SELECT type FROM times)
      OR name IN ('lag', 'lead', 'first_value', 'last_value'))
    """
}
