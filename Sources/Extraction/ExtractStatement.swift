import Basics
import Diagnostics
import Pipelines
import Postgres

/// The queries of a pipeline as statements for one period.
///
/// The queries read the common table expression `partition`, which has one row per tenant:
/// `tenant_id, period_starts date, starts_at, ends_at, previous_starts_at, previous_ends_at,
/// cutoff_at timestamptz, as_of date, time_zone, currency, locale, privacy text, known_from,
/// known_until timestamptz`. [`starts_at`, `ends_at`) is the period in the tenant's time zone, by
/// PostgreSQL's own time zone tables. Queries must leave out rows that were created at `cutoff_at`
/// or later. What they compare with is [`previous_starts_at`, `previous_ends_at`).
///
/// A moment outside of [`known_from`, `known_until`) is no day: before it lie the zero dates of
/// other systems, from its end on the ways to write “never”. The bounds are moments, so that a
/// value means the same in all time zones. A day or moment of a result that leaves the calendar's
/// four-digit years is NULL there.
struct ExtractStatement {
  /// The rows of `partition`.
  enum Partition {
    /// One row, given with each execution: the parameters of `values(of:)`.
    case parameters
    case rows([Extractor.Member], Period, RunMoment)
  }

  let extract: ExtractSpec
  let partition: Partition
  /// What the queries see of the platform's tables. Without any, they see the tables themselves.
  let shadows: [Shadow]
  /// Rows that the queries must not see.
  let hidden: Extractor.HiddenRows?
  /// The type of `tenant_id`.
  let idType: TenantIDType
  /// The common table expressions, which all statements begin with.
  private var head = Text()

  init(
    _ extract: ExtractSpec, partition: Partition, shadows: [Shadow] = [],
    hidden: Extractor.HiddenRows? = nil, idType: TenantIDType = .uuid
  ) {
    self.idType = idType
    self.extract = extract
    self.partition = partition
    self.shadows = shadows
    self.hidden = hidden
    head = makeHead()
  }

  /// A statement's text, and the offsets in it, in bytes, at which the texts of files begin. They
  /// turn a position into a line of a file.
  struct Text {
    var sql = ""
    /// The file that is named if a position is in none.
    var file: String?
    private var places: [(file: String, offset: Int, text: String)] = []

    mutating func add(_ text: String, of file: String) {
      places.append((file, sql.utf8.count, text))
      sql += text
    }

    /// The error of the statement, with the place in the pipeline's file that PostgreSQL reported.
    func located(_ error: Diagnostic) -> Diagnostic {
      guard let server = error.underlying as? PostgresError else { return error }
      var located = error
      let place = server.position.flatMap { self.place(of: $0) }
      located.subject.file = place?.file ?? file
      located.subject.line = place?.line
      located.subject.column = place?.column
      return located
    }

    /// The place in a pipeline's file of a position in the statement (in characters, from 1).
    private func place(of position: Int) -> Diagnostic.Subject? {
      for place in places {
        let preceding = String(decoding: sql.utf8.prefix(place.offset), as: UTF8.self)
        let offset = position - 1 - preceding.unicodeScalars.count
        guard offset >= 0, offset <= place.text.unicodeScalars.count else { continue }
        let before = place.text.unicodeScalars.prefix(offset)
        let line = before.count { $0 == "\n" } + 1
        let column = before.reversed().prefix { $0 != "\n" }.count + 1
        return .init(file: place.file, line: line, column: column)
      }
      return nil
    }
  }

  /// One query without an order. With its columns, the whole statement can be made.
  func unordered(_ query: ExtractSpec.Query) -> Text {
    var text = head
    text.file = query.file
    text.sql += "\nSELECT q.* FROM (\n"
    add(query, to: &text)
    text.sql += "\n) q"
    return text
  }

  /// One query with an order that gives the same bytes on every server: by tenant, then as the
  /// pipeline file says, text by code point. Rows of all tenants together are ordered first as the
  /// file says.
  func ordered(_ query: ExtractSpec.Query, by columns: [Column], together: Bool = false) -> Text {
    let terms = Self.terms(of: query.order, columns)
    var text = head
    text.file = query.file
    let values = columns.map(Self.value)
    text.sql += "\nSELECT \(values.joined(separator: ", ")) FROM (\n"
    add(query, to: &text)
    text.sql += "\n) q"
    // Text in the order of its bytes, as in all columns.
    let tenant = idType == .text ? "tenant_id COLLATE \"C\"" : "tenant_id"
    text.sql +=
      "\nORDER BY "
      + (together ? terms + [tenant] : [tenant] + terms).joined(separator: ", ")
    return text
  }

  /// All queries as one statement, so that PostgreSQL computes common parts once. The queries' rows
  /// follow one another, each in its order: `tenant_id`, the query's index, and its columns as
  /// texts, filled up with NULLs to the widest query.
  ///
  /// - Parameter columns: of each query, without `tenant_id`.
  func combined(_ columns: [[Column]]) -> Text {
    let width = columns.map(\.count).max() ?? 0
    var text = head
    for (place, (query, columns)) in zip(extract.queries, columns).enumerated() {
      let values = columns.enumerated().map { "\(Self.text(of: $1)) AS c\($0)" }
      let filling = (columns.count..<width).map { "NULL::text AS c\($0)" }
      let results = ["q.tenant_id", "\(place) AS place"] + values + filling
      let order = ["q.tenant_id"] + Self.terms(of: query.order, columns).map { "q." + $0 }
      text.sql += place > 0 ? "\nUNION ALL\n" : "\n"
      text.sql += "SELECT * FROM (\nSELECT \(results.joined(separator: ", "))\nFROM (\n"
      add(query, to: &text)
      text.sql += "\n) q\nORDER BY \(order.joined(separator: ", "))\n) q\(place)"
    }
    return text
  }

  /// Adds a query's text. Around one of `deliver`, shadows with addresses take the place of those
  /// outside.
  private func add(_ query: ExtractSpec.Query, to text: inout Text) {
    let reached = query.isForDelivery ? shadows.filter(\.holdsAddresses) : []
    if !reached.isEmpty {
      let inner = reached.map { $0.expression(withAddresses: true, hidden: condition($0)) }
      text.sql += "WITH \(inner.joined(separator: ",\n"))\nSELECT q.* FROM (\n"
    }
    text.add(query.sql, of: query.file)
    if !reached.isEmpty { text.sql += "\n) q" }
  }

  /// An expression for a column's value: NULL for a day outside of the years of four digits.
  static func value(of column: Column) -> String {
    let name = "q." + Quoting.identifier(column.name)
    return calendar(column).map { "CASE WHEN \($0) THEN \(name) END AS \(name.dropFirst(2))" }
      ?? name
  }

  /// An expression for a column as the text that COPY would print.
  private static func text(of column: Column) -> String {
    let name = "q." + Quoting.identifier(column.name)
    switch column.typeName {
    case "text", "varchar": return name
    case "boolean": return "CASE WHEN \(name) THEN 't' WHEN NOT \(name) THEN 'f' END"
    // A cast would remove trailing blanks.
    case "char": return "CASE WHEN \(name) IS NOT NULL THEN pg_catalog.format('%s', \(name)) END"
    default:
      return calendar(column).map { "CASE WHEN \($0) THEN \(name)::text END" } ?? "\(name)::text"
    }
  }

  /// The condition that a day or moment lies in the years of four digits, with its neighbours in
  /// all time zones; `nil` for another type. PostgreSQL's reach from 4713 BC to 294276, and to
  /// infinity both ways.
  private static func calendar(_ column: Column) -> String? {
    let name = "q." + Quoting.identifier(column.name)
    switch column.typeName {
    case "date": return "\(name) >= '0001-01-03' AND \(name) < '9998-12-31'"
    case "timestamptz":
      return "\(name) >= '0001-01-03 00:00:00+00' AND \(name) < '9998-12-31 00:00:00+00'"
    default: return nil
    }
  }

  /// The terms of an order that gives the same bytes on every server.
  static func terms(of order: [ExtractSpec.Order], _ columns: [Column]) -> [String] {
    let texts = Set(
      columns.filter { ["text", "varchar", "char"].contains($0.typeName) }.map(\.name))
    return order.map { term in
      Quoting.identifier(term.column) + (texts.contains(term.column) ? " COLLATE \"C\"" : "")
        + (term.descending ? " DESC" : "")
    }
  }

  // MARK: - The common table expressions

  private func makeHead() -> Text {
    var text = Text()
    text.sql = "WITH partition(\(Self.columns)) AS (VALUES\n"
    switch partition {
    case .parameters:
      text.sql += row { "$\($0 + 1)" }
    case .rows(let members, let period, let moment):
      let rows = members.map { member in
        let values = Self.values(of: member, period, moment)
        return row { values[$0].map(Quoting.literal) ?? "NULL" }
      }
      text.sql += rows.joined(separator: ",\n")
    }
    text.sql += ")"
    for shadow in shadows { text.sql += ",\n" + shadow.expression(hidden: condition(shadow)) }
    for prelude in extract.preludes {
      text.sql += ",\n\(Quoting.identifier(prelude.name)) AS "
      text.sql += prelude.isInline ? "NOT MATERIALIZED (\n" : "(\n"
      let named = shadows.filter {
        $0.namesPeople && extract.platform.canName(peopleOf: $0.table, file: prelude.file)
      }
      if !named.isEmpty {
        // Inside, these shadows take the place of those outside.
        let inner = named.map { $0.expression(withNames: true, hidden: condition($0)) }
        text.sql += "WITH \(inner.joined(separator: ",\n"))\nSELECT q.* FROM (\n"
      }
      text.add(prelude.sql, of: prelude.file)
      text.sql += named.isEmpty ? "\n)" : "\n) q)"
    }
    return text
  }

  private func condition(_ shadow: Shadow) -> String? {
    guard let hidden, shadow.table == hidden.table, !hidden.keys.isEmpty else { return nil }
    let keys: String
    switch partition {
    case .parameters: keys = "$\(Self.parameterCount + 1)"
    case .rows: keys = Quoting.literal(Quoting.array(hidden.keys))
    }
    return "\(Quoting.identifier(hidden.column))::text <> ALL (\(keys)::text[])"
  }

  private static let columns =
    "tenant_id, period_starts, starts_at, ends_at, previous_starts_at, previous_ends_at, cutoff_at,"
    + " as_of, time_zone, currency, locale, privacy, known_from, known_until"

  /// How many parameters a row of `partition` has.
  private static let parameterCount = 12

  /// How many parameters the statement has.
  var parameterCount: Int {
    Self.parameterCount + (shadows.contains { condition($0) != nil } ? 1 : 0)
  }

  /// A row of `partition`.
  ///
  /// - Parameter value: the expression of the value at this place of `values(of:)`.
  private func row(_ value: (Int) -> String) -> String {
    let zone = "\(value(6))::text"
    func midnight(_ day: String) -> String { Self.midnight(day, in: zone) }
    let (start, end, previous) = (midnight(value(1)), midnight(value(2)), midnight(value(3)))
    let cutoff = "least(coalesce(\(value(5))::timestamptz, \(midnight(value(4)))), \(end))"
    let columns = [
      "\(value(0))::\(idType.rawValue)", "\(value(1))::date", start, end, previous,
      Self.previousEnd(start, end, previous, cutoff, step: value(11), zone), cutoff,
      "\(value(7))::date", zone, "\(value(8))::text", "\(value(9))::text", "\(value(10))::text",
      "'1971-01-01 00:00:00+00'::timestamptz", "'9999-01-01 00:00:00+00'::timestamptz",
    ]
    return "(" + columns.joined(separator: ", ") + ")"
  }

  /// The first moment of a day.
  ///
  /// - Parameters:
  ///   - day: an expression of a date.
  ///   - zone: an expression of a time zone's name.
  static func midnight(_ day: String, in zone: String) -> String {
    // Where clocks go back to midnight, a day has two, and PostgreSQL takes the second. If there
    // is none, as clocks go forward, it takes the first moment of the day.
    let moment = "(\(day)::date::timestamp AT TIME ZONE \(zone))"
    return "(\(moment) - CASE WHEN ((\(moment) - interval '1 hour') AT TIME ZONE \(zone))::date"
      + " = \(day)::date THEN interval '1 hour' ELSE interval '0' END)"
  }

  /// The end of what a period is compared with. A period that has ended is compared with all of the
  /// one before. A period that is under way ends at its last moment so far, by the local clock, and
  /// one step of such periods before it ends what it is compared with: see `Period.sameDay`.
  static func previousEnd(
    _ start: String, _ end: String, _ previous: String, _ cutoff: String, step: String,
    _ zone: String
  ) -> String {
    // The last moment counts and not the end: the end of 28 February is 1 March in most years.
    let last = "((\(cutoff)) AT TIME ZONE \(zone)) - interval '1 microsecond'"
    let moved =
      "(\(last) - \(step)::interval + interval '1 microsecond')"
      + " AT TIME ZONE \(zone)"
    return "CASE WHEN \(cutoff) >= \(end) THEN \(start)"
      + " ELSE greatest(\(previous), least(\(start), \(moved))) END"
  }

  /// The tenant's id, the first day, the day after the last, the first day of the period before,
  /// the day after the run's day or the run's moment, the time zone, `as_of`, the currency, the
  /// locale, the privacy setting and the step from the period before.
  static func values(
    of member: Extractor.Member, _ period: Period, _ moment: RunMoment
  ) -> [String?] {
    let (day, instant): (String?, String?) =
      switch moment {
      case .day(let day): ("\(day.adding(days: 1))", nil)
      case .instant: (nil, "\(moment)")
      }
    return [
      member.tenant.key, "\(period.start)", "\(period.end)", "\(period.previous.start)", day,
      instant,
      member.tenant.timeZone, member.asOf.map { "\($0)" }, member.tenant.currency,
      member.tenant.locale, member.settings.privacy.rawValue, period.step,
    ]
  }

  /// The parameters of an execution for one tenant.
  func parameters(
    _ member: Extractor.Member, _ period: Period, _ moment: RunMoment
  ) -> [String?] {
    let values = Self.values(of: member, period, moment)
    return parameterCount > Self.parameterCount
      ? values + [Quoting.array(hidden?.keys ?? [])] : values
  }
}
