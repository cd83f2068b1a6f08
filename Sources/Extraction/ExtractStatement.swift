import Basics
import Diagnostics
import Pipelines
import Postgres

/// One query of a pipeline as a statement for a batch of tenants and one period.
///
/// The query reads the common table expression `partition`, which has one row per tenant:
/// `tenant_id uuid, period_starts date, starts_at, ends_at, previous_starts_at, cutoff_at
/// timestamptz, as_of date, time_zone, currency, locale, privacy text`. [`starts_at`, `ends_at`) is
/// the period in the tenant's time zone, by PostgreSQL's own time zone tables. Queries must leave
/// out rows that were created at `cutoff_at` or later.
struct ExtractStatement {
  let query: ExtractSpec.Query
  /// The whole statement without an order. It is prepared to learn the columns.
  let unordered: String
  /// The offsets in `unordered`, in characters, at which the texts of files begin. They turn a
  /// position into a line of a file.
  private let places: [(file: String, offset: Int, text: String)]

  init(
    query: ExtractSpec.Query, preludes: [ExtractSpec.Prelude], members: [Extractor.Member],
    period: Period, moment: RunMoment, hidden: Extractor.HiddenRows? = nil
  ) {
    self.query = query
    let (head, places) = Self.head(preludes, members, period, moment, hidden)
    let text = head + "\nSELECT q.* FROM (\n"
    self.places = places + [(query.file, text.unicodeScalars.count, query.sql)]
    unordered = text + query.sql + "\n) q"
  }

  /// All queries of a pipeline as one statement, so that PostgreSQL computes common parts once. The
  /// queries' rows follow one another, each in its order: `tenant_id`, the query's index, and its
  /// columns as texts, filled up with NULLs to the widest query.
  ///
  /// - Parameter queries: each with its columns except `tenant_id`.
  static func combined(
    _ queries: [(query: ExtractSpec.Query, columns: [Column])], preludes: [ExtractSpec.Prelude],
    members: [Extractor.Member], period: Period, moment: RunMoment,
    hidden: Extractor.HiddenRows?
  ) -> String {
    let width = queries.map(\.columns.count).max() ?? 0
    let branches = queries.enumerated().map { place, entry in
      let values = entry.columns.enumerated().map { "\(text(of: $1)) AS c\($0)" }
      let filling = (entry.columns.count..<width).map { "NULL::text AS c\($0)" }
      let results = ["q.tenant_id", "\(place) AS place"] + values + filling
      let order = ["q.tenant_id"] + terms(of: entry.query, entry.columns).map { "q." + $0 }
      return "SELECT * FROM (\nSELECT \(results.joined(separator: ", "))\nFROM (\n"
        + "\(entry.query.sql)\n) q\nORDER BY \(order.joined(separator: ", "))\n) q\(place)"
    }
    return head(preludes, members, period, moment, hidden).text + "\n"
      + branches.joined(separator: "\nUNION ALL\n")
  }

  /// An expression for a column as the text that COPY would print.
  private static func text(of column: Column) -> String {
    let name = "q." + Quoting.identifier(column.name)
    switch column.typeName {
    case "text", "varchar": return name
    case "boolean": return "CASE WHEN \(name) THEN 't' WHEN NOT \(name) THEN 'f' END"
    // A cast would remove trailing blanks.
    case "char": return "CASE WHEN \(name) IS NOT NULL THEN pg_catalog.format('%s', \(name)) END"
    default: return "\(name)::text"
    }
  }

  /// The common table expressions, and the offsets of files' texts in them.
  private static func head(
    _ preludes: [ExtractSpec.Prelude], _ members: [Extractor.Member], _ period: Period,
    _ moment: RunMoment, _ hidden: Extractor.HiddenRows?
  ) -> (text: String, places: [(file: String, offset: Int, text: String)]) {
    var text = "WITH partition(\(columns)) AS (VALUES\n"
    text += members.map { values($0, period, moment) }.joined(separator: ",\n")
    text += ")"
    if let hidden, !hidden.keys.isEmpty {
      // A common table expression hides the table of the same name, except in its own query.
      let table = Quoting.identifier(hidden.table)
      let keys = hidden.keys.map(Quoting.literal).joined(separator: ", ")
      text +=
        ",\n\(table) AS NOT MATERIALIZED (SELECT * FROM \(table)"
        + " WHERE \(Quoting.identifier(hidden.column))::text NOT IN (\(keys)))"
    }
    var places: [(file: String, offset: Int, text: String)] = []
    for prelude in preludes {
      text += ",\n\(Quoting.identifier(prelude.name)) AS "
      text += prelude.isInline ? "NOT MATERIALIZED (\n" : "(\n"
      places.append((prelude.file, text.unicodeScalars.count, prelude.sql))
      text += prelude.sql + "\n)"
    }
    return (text, places)
  }

  /// The statement with an order that gives the same bytes on every server: by tenant, then as the
  /// pipeline file says, text by code point. Rows of all tenants together are ordered first as the
  /// file says.
  func ordered(by columns: [Column], together: Bool = false) -> String {
    let terms = Self.terms(of: query, columns)
    return unordered + "\nORDER BY "
      + (together ? terms + ["tenant_id"] : ["tenant_id"] + terms).joined(separator: ", ")
  }

  private static func terms(of query: ExtractSpec.Query, _ columns: [Column]) -> [String] {
    let texts = Set(
      columns.filter { ["text", "varchar", "char"].contains($0.typeName) }.map(\.name))
    return query.order.map { term in
      Quoting.identifier(term.column) + (texts.contains(term.column) ? " COLLATE \"C\"" : "")
        + (term.descending ? " DESC" : "")
    }
  }

  /// The place in a pipeline's file of a position in the statement (in characters, from 1).
  func place(of position: Int) -> Diagnostic.Subject? {
    for place in places {
      let offset = position - 1 - place.offset
      guard offset >= 0, offset <= place.text.unicodeScalars.count else { continue }
      let before = place.text.unicodeScalars.prefix(offset)
      let line = before.count { $0 == "\n" } + 1
      let column = before.reversed().prefix { $0 != "\n" }.count + 1
      return .init(file: place.file, line: line, column: column)
    }
    return nil
  }

  private static let columns =
    "tenant_id, period_starts, starts_at, ends_at, previous_starts_at, cutoff_at, as_of, time_zone,"
    + " currency, locale, privacy"

  private static func values(_ member: Extractor.Member, _ period: Period, _ moment: RunMoment)
    -> String
  {
    let zone = Quoting.literal(member.tenant.timeZone)
    func midnight(_ day: CivilDate) -> String { "('\(day)'::timestamp AT TIME ZONE \(zone))" }
    let now =
      switch moment {
      case .day(let day): midnight(day.adding(days: 1))
      case .instant: "'\(moment)'::timestamptz"
      }
    let end = midnight(period.end)
    let values = [
      "\(Quoting.literal(member.tenant.id))::uuid", "'\(period.start)'::date",
      midnight(period.start), end, midnight(period.previous.start), "least(\(now), \(end))",
      member.asOf.map { "'\($0)'::date" } ?? "NULL::date", "\(zone)::text",
      "\(Quoting.literal(member.tenant.currency))::text",
      "\(Quoting.literal(member.tenant.locale))::text",
      "'\(member.settings.privacy.rawValue)'::text",
    ]
    return "(" + values.joined(separator: ", ") + ")"
  }
}
