import Diagnostics
import Pipelines
import Postgres

/// One query of a pipeline, written out for a batch of tenants and one period.
///
/// The query reads the common table expression `partition`, a row a tenant:
/// `tenant_id uuid, period_starts date, starts_at, ends_at, previous_starts_at, cutoff_at timestamptz,
/// as_of date, time_zone, currency, locale, privacy text`. [`starts_at`, `ends_at`) is the period in the
/// tenant's zone as PostgreSQL's own zone tables have it; rows created at `cutoff_at` or later do not exist.
struct ExtractStatement {
  let query: ExtractSpec.Query
  /// The whole statement without an order: what is prepared to learn the columns.
  let unordered: String
  /// Where the texts of files begin in `unordered`, in characters, to find a position again.
  private let places: [(file: String, offset: Int, text: String)]

  init(
    query: ExtractSpec.Query, preludes: [ExtractSpec.Prelude], members: [Extractor.Member],
    period: Period, moment: RunMoment, hidden: Extractor.HiddenRows? = nil
  ) {
    self.query = query
    var text = "WITH partition(\(Self.columns)) AS (VALUES\n"
    text += members.map { Self.values($0, period, moment) }.joined(separator: ",\n")
    text += ")"
    if let hidden, !hidden.keys.isEmpty {
      // A name of a common table expression goes before a table's; in its own query it is still the table's.
      let table = Quoting.identifier(hidden.table)
      let keys = hidden.keys.map(Quoting.literal).joined(separator: ", ")
      text +=
        ",\n\(table) AS NOT MATERIALIZED (SELECT * FROM \(table)"
        + " WHERE \(Quoting.identifier(hidden.column))::text NOT IN (\(keys)))"
    }
    var places: [(file: String, offset: Int, text: String)] = []
    for prelude in preludes {
      text += ",\n\(Quoting.identifier(prelude.name)) AS (\n"
      places.append((prelude.file, text.unicodeScalars.count, prelude.sql))
      text += prelude.sql + "\n)"
    }
    text += "\nSELECT q.* FROM (\n"
    places.append((query.file, text.unicodeScalars.count, query.sql))
    text += query.sql + "\n) q"
    unordered = text
    self.places = places
  }

  /// The statement in the order that makes the bytes the same on every server: by tenant, then as the
  /// pipeline file says, text by code point.
  func ordered(by columns: [Column]) -> String {
    let texts = Set(
      columns.filter { ["text", "varchar", "char"].contains($0.typeName) }.map(\.name))
    let terms = query.order.map { term in
      Quoting.identifier(term.column) + (texts.contains(term.column) ? " COLLATE \"C\"" : "")
        + (term.descending ? " DESC" : "")
    }
    return unordered + "\nORDER BY " + (["tenant_id"] + terms).joined(separator: ", ")
  }

  /// The place in a pipeline's file that a position of the statement (in characters, from one) falls in.
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
