/// What a query can call and be built from.
enum AllowedCalls {
  /// Whether a function's value depends on its arguments alone, and on settings that every session
  /// has set.
  ///
  /// PostgreSQL itself marks such functions as immutable. Those that depend on the time zone or on
  /// the form of dates are marked stable, like all that read the clock or the catalogs. So the
  /// former are listed.
  static func allows(_ function: QueryReading.Function) -> Bool {
    guard function.schema == "pg_catalog" else { return false }
    switch function.volatility {
    case "i": return true
    // With one argument, `age` counts from today.
    case "s": return stable.contains(function.name) && !function.signature.hasPrefix("age(")
    default: return false
    }
  }

  private static let stable: Set<String> = {
    var names: Set<String> = [
      "anytextcat", "array_to_json", "array_to_string", "concat", "concat_ws", "date", "date_part",
      "date_trunc", "extract", "format", "generate_series", "interval_pl_timestamptz", "json_agg",
      "json_build_array", "json_build_object", "json_object_agg", "jsonb_agg", "jsonb_build_array",
      "jsonb_build_object", "jsonb_object_agg", "make_timestamptz", "overlaps", "row_to_json",
      "textanycat", "time", "timestamp", "timestamptz", "timestamptz_mi_interval",
      "timestamptz_pl_interval", "timezone", "to_char", "to_json", "to_jsonb", "to_number",
    ]
    for comparison in ["cmp", "eq", "ge", "gt", "le", "lt", "ne"] {
      names.insert("date_\(comparison)_timestamptz")
      names.insert("timestamp_\(comparison)_timestamptz")
      names.insert("timestamptz_\(comparison)_date")
      names.insert("timestamptz_\(comparison)_timestamp")
    }
    return names
  }()

  /// Whether a query can be built from nodes of this kind. Servers of different versions name some
  /// kinds differently.
  static func allows(node tag: String) -> Bool { nodes.contains(tag) }

  private static let nodes: Set<String> = [
    "QUERY", "RTE", "RANGETBLENTRY", "RTEPERMISSIONINFO", "ALIAS", "RANGETBLREF",
    "RANGETBLFUNCTION",
    "FROMEXPR", "JOINEXPR", "TARGETENTRY", "SORTGROUPCLAUSE", "GROUPINGSET", "GROUPINGFUNC",
    "WINDOWCLAUSE", "COMMONTABLEEXPR", "CTESEARCHCLAUSE", "CTECYCLECLAUSE", "SETOPERATIONSTMT",
    "VAR", "CONST", "PARAM", "AGGREF", "WINDOWFUNC", "FUNCEXPR", "NAMEDARGEXPR", "OPEXPR",
    "DISTINCTEXPR",
    "NULLIFEXPR", "SCALARARRAYOPEXPR", "BOOLEXPR", "SUBLINK", "SUBSCRIPTINGREF", "FIELDSELECT",
    "RELABELTYPE", "COERCEVIAIO", "ARRAYCOERCEEXPR", "CONVERTROWTYPEEXPR", "COLLATE", "COLLATEEXPR",
    "CASE", "CASEEXPR", "WHEN", "CASEWHEN", "CASETESTEXPR", "ARRAY", "ARRAYEXPR", "ROW", "ROWEXPR",
    "ROWCOMPARE", "ROWCOMPAREEXPR", "COALESCE", "COALESCEEXPR", "MINMAX", "MINMAXEXPR", "NULLTEST",
    "BOOLEANTEST", "JSONCONSTRUCTOREXPR", "JSONVALUEEXPR", "JSONFORMAT", "JSONRETURNING",
    "JSONISPREDICATE",
  ]

  /// What people call a kind of node that is refused.
  static func name(ofRefused node: NodeTree) -> String {
    switch node.tag {
    case "SQLVALUEFUNCTION":
      let names = [
        "current_date", "current_time", "current_time", "current_timestamp", "current_timestamp",
        "localtime", "localtime", "localtimestamp", "localtimestamp", "current_role",
        "current_user", "user", "session_user", "current_catalog", "current_schema",
      ]
      let place = node.number("op") ?? -1
      return names.indices.contains(place) ? names[place] : "current_date"
    case "TABLESAMPLECLAUSE": return "TABLESAMPLE"
    case "ROWMARKCLAUSE": return "FOR UPDATE"
    case "NEXTVALUEEXPR": return "nextval"
    case "XMLEXPR": return "XML"
    case "TABLEFUNC": return "XMLTABLE"
    default: return node.tag
    }
  }

  /// Types whose values are the server's own objects (`regclass` and its like), and XML.
  static func allows(type: Int) -> Bool { !refusedTypes.contains(type) }

  private static let refusedTypes: Set<Int> = [
    24, 142, 143, 1790, 2202, 2203, 2204, 2205, 2206, 2207, 2208, 2209, 2210, 2211, 3734, 3735,
    3769, 3770, 4089, 4090, 4096, 4097, 4191, 4192,
  ]

  /// Types whose texts can name the present moment: `'now'`, `'today'`.
  static func isTime(type: Int) -> Bool { [1082, 1083, 1114, 1184, 1266].contains(type) }
}
