import Basics
import Pipelines
import Postgres

/// The rows of the isolation trial: a small platform of two tenants, generated from the catalog.
///
/// Every key names its tenant; in the canary form, every text and number does too. Words that a
/// CHECK allows occur in all combinations. Times are inside the tried period, just outside and far
/// away.
struct TrialRows {
  /// One of the two tenants.
  enum Owner: String, CaseIterable {
    case first = "a"
    case second = "b"

    /// The beginning of each of its texts: a letter without case that no query writes itself.
    var mark: String { self == .first ? "あ" : "か" }
    /// The beginning of each of its keys.
    var keyPrefix: String { String(repeating: rawValue, count: 8) }
    var other: Owner { self == .first ? .second : .first }
  }

  let catalog: TrialCatalog
  let period: Period
  /// Whether texts and numbers differ between the tenants. If they are the same, a join by a value
  /// instead of a key shows.
  let hasCanaries: Bool
  /// Whether some rows refer to the other tenant's rows, as on a careless platform.
  let hasForeignReferences: Bool

  private static let tenantTable = "tenant"

  /// The statements that make the tables and fill them for `owners`, to run in an empty schema.
  func statements(for owners: [Owner]) -> [String] {
    catalog.tables.flatMap { table -> [String] in
      let columns = table.columns.map { "\(Quoting.identifier($0.name)) \($0.type)" }
      let create =
        "CREATE TABLE \(Quoting.identifier(table.name)) (\(columns.joined(separator: ", ")))"
      let rows = owners.flatMap { owner in
        (0..<count(of: table)).map { "(" + row($0, of: table, owner) + ")" }
      }
      guard !rows.isEmpty, !table.columns.isEmpty else { return [create] }
      return [
        create,
        "INSERT INTO \(Quoting.identifier(table.name)) VALUES\n" + rows.joined(separator: ",\n"),
      ]
    }
  }

  /// The key of a row.
  func key(_ table: String, _ index: Int, _ owner: Owner) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(table)/\(index)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    let hex = String(repeating: "0", count: 16 - digits.count) + digits
    return
      "\(owner.keyPrefix)-\(hex.prefix(4))-4\(hex.dropFirst(4).prefix(3))-8\(hex.dropFirst(7).prefix(3))-"
      + String(hex.dropFirst(10)) + String(repeating: "0", count: 6)
  }

  func tenantKey(_ owner: Owner) -> String { key(Self.tenantTable, 0, owner) }

  private func count(of table: TrialCatalog.Table) -> Int {
    if table.name == Self.tenantTable { return 1 }
    let combinations = table.columns.reduce(1) { $0 * max(1, $1.words.count) }
    // A table that refers to others has more rows, so that its rows refer to rows of every kind of
    // day.
    let refers = table.columns.contains { $0.reference.map { $0 != Self.tenantTable } ?? false }
    return min(48, max(refers ? 16 : 8, combinations * 2))
  }

  private func row(_ index: Int, of table: TrialCatalog.Table, _ owner: Owner) -> String {
    var stride = 1
    return table.columns.enumerated().map { position, column -> String in
      if column.name == "id" { return literal(key(table.name, index, owner), column) }
      if let target = column.reference { return reference(index, position, target, column, owner) }
      if !column.words.isEmpty {
        let word = column.words[index / stride % column.words.count]
        stride *= column.words.count
        return literal(word, column)
      }
      return value(index, position, table, column, owner)
    }.joined(separator: ", ")
  }

  private func reference(
    _ index: Int, _ position: Int, _ target: String, _ column: TrialCatalog.Column, _ owner: Owner
  ) -> String {
    guard let table = catalog.tables.first(where: { $0.name == target }) else { return "NULL" }
    let isForeign =
      hasForeignReferences && target != Self.tenantTable && index % 4 == position % 4
    let targetIndex = (index * 3 + index / 8 + position) % count(of: table)
    return literal(key(target, targetIndex, isForeign ? owner.other : owner), column)
  }

  private func value(
    _ index: Int, _ position: Int, _ table: TrialCatalog.Table, _ column: TrialCatalog.Column,
    _ owner: Owner
  ) -> String {
    let number = hasCanaries && owner == .second ? 7000 + index : index + 1
    switch column.base {
    case "uuid": return literal(key("\(table.name).\(column.name)", index, owner), column)
    case "smallint", "integer", "bigint": return String(number)
    case "numeric", "real", "double precision": return "\(number).25"
    case "boolean": return index % 2 == 0 ? "true" : "false"
    case "date": return literal(day(index).description, column)
    case "timestamp with time zone", "timestamp without time zone":
      return literal("\(day(index)) \(10 + position % 10):00:00+00", column)
    case "text", "character varying", "character", "name":
      return literal(text(index, table, column, owner), column)
    default: return "NULL"
    }
  }

  private func text(
    _ index: Int, _ table: TrialCatalog.Table, _ column: TrialCatalog.Column, _ owner: Owner
  ) -> String {
    // PostgreSQL itself must understand this text.
    if table.name == Self.tenantTable, column.name == "timezone" { return "UTC" }
    // Known currencies, so that rows match rows of the same currency in joins.
    if column.name == "currency" { return ["EUR", "USD", "BRL"][index % 3] }
    let mark = hasCanaries ? owner.mark : "さ"
    // Values repeat, so that groups have several rows and joins by value find matches.
    let text = mark + String(index % 5) + column.name.prefix(4)
    return String(text.prefix(column.length ?? 40))
  }

  /// A day inside the period, on its first or last day, in the period before, or years away.
  private func day(_ index: Int) -> CivilDate {
    let days = period.end.daysSince1970 - period.start.daysSince1970
    switch index % 8 {
    case 0: return period.start
    case 1: return period.lastDay
    case 2: return period.previous.start.adding(days: 2)
    case 3: return period.start.adding(days: days / 2)
    case 4: return period.start.adding(days: min(days - 1, 3 + index))
    case 5: return period.end.adding(days: 1)
    case 6: return period.start.adding(days: -800)
    default: return period.start.adding(days: min(days - 1, 7))
    }
  }

  private func literal(_ text: String, _ column: TrialCatalog.Column) -> String {
    "\(Quoting.literal(text))::\(column.type)"
  }
}
