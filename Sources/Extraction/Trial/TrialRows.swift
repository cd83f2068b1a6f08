import Basics
import Diagnostics
import Pipelines
import Postgres

/// The rows of the isolation trial, generated from the catalog.
///
/// Words that a CHECK allows occur in all combinations. Times are inside the tried period, just
/// outside and far away. Some rows refer to the other tenant's rows, as on a careless platform.
struct TrialRows {
  let catalog: SourceCatalog
  let extract: ExtractSpec
  let period: Period
  /// What the queries compare columns with. Some rows have these values.
  var comparisons: Comparisons = [:]

  /// The statements that make empty tables.
  var tables: [String] {
    catalog.tables.map { table in
      let columns = table.columns.map { "\(Quoting.identifier($0.name)) \($0.type)" }
      return "CREATE TABLE \(Quoting.identifier(table.name)) (\(columns.joined(separator: ", ")))"
    }
  }

  /// The statements that fill the tables which all tenants share.
  var sharedRows: [String] {
    let shared = catalog.tables.filter { extract.shared.contains($0.name) }
    return rows(of: .first, TrialWorld.Character(), in: shared)
  }

  /// The statements that fill the other tables with the rows of a tenant.
  func rows(of owner: TrialWorld.Owner, _ character: TrialWorld.Character) -> [String] {
    rows(
      of: owner, character, in: catalog.tables.filter { !extract.shared.contains($0.name) })
  }

  private func rows(
    of owner: TrialWorld.Owner, _ character: TrialWorld.Character, in tables: [SourceCatalog.Table]
  ) -> [String] {
    tables.filter { !$0.columns.isEmpty }.map { table in
      let rows =
        (0..<max(count(of: table), isOfTenants(table.name) ? 1 : character.rows))
        .map { "(" + row($0, of: table, owner, character) + ")" }
      return "INSERT INTO \(Quoting.identifier(table.name)) VALUES\n"
        + rows.joined(separator: ",\n")
    }
  }

  /// The tenant, with its `partition` row's values.
  func member(
    _ owner: TrialWorld.Owner, _ character: TrialWorld.Character, asOf: CivilDate?
  ) -> Extractor.Member {
    var settings = TenantSettings()
    settings.privacy = character.privacy
    return Extractor.Member(
      tenant: Tenant(
        id: tenantKey(owner), key: tenantKey(owner), slug: owner.rawValue, name: character.mark,
        zone: ZoneRules(name: character.timeZone, offset: 0), locale: character.locale,
        currency: character.currency),
      settings: settings, asOf: asOf)
  }

  /// The key of a row.
  func key(_ table: String, _ index: Int, _ owner: TrialWorld.Owner) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "\(table)/\(index)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    let hex = String(repeating: "0", count: 16 - digits.count) + digits
    return
      "\(owner.keyPrefix)-\(hex.prefix(4))-4\(hex.dropFirst(4).prefix(3))-8\(hex.dropFirst(7).prefix(3))-"
      + String(hex.dropFirst(10)) + String(repeating: "0", count: 6)
  }

  /// The key of a row, as a value of the column's type.
  private func key(
    _ table: String, _ index: Int, _ owner: TrialWorld.Owner, as column: SourceCatalog.Column
  ) -> String {
    let key = key(table, index, owner)
    switch column.base {
    case "smallint":
      let number = Self.number(of: key, index, owner)
      return String(number / 1_000_000_000 * 10_000 + number % 9_000)
    case "integer", "bigint": return String(Self.number(of: key, index, owner))
    case "text", "character varying", "character": return String(key.prefix(column.length ?? 40))
    default: return key
    }
  }

  /// A key as a number of nine or ten digits. Those of one tenant are none of the other's.
  private static func number(of key: String, _ index: Int, _ owner: TrialWorld.Owner) -> Int {
    let digits = key.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) % 100_000 }
    return (owner == .first ? 1 : 2) * 1_000_000_000 + digits * 1_000 + index
  }

  func tenantKey(_ owner: TrialWorld.Owner) -> String {
    let tenancy = catalog.tenancy
    if let found = tenancy.key, let column = catalog.table(found.table)?[found.column] {
      return key(found.table, 0, owner, as: column)
    }
    return tenancy.idType == .bigint
      ? String(Self.number(of: "", 0, owner)) : key("", 0, owner)
  }

  /// Whether a row of this table is a tenant.
  private func isOfTenants(_ table: String) -> Bool { catalog.tenancy.key?.table == table }

  /// Whether the values of a column are keys, which other rows refer to.
  private func isKey(_ table: SourceCatalog.Table, _ column: SourceCatalog.Column) -> Bool {
    if column.name == "id" { return true }
    if column.reference != nil { return false }
    return catalog.referred.contains(BaseColumn(table: table.name, column: column.name))
      || catalog.tenancy.key == BaseColumn(table: table.name, column: column.name)
  }

  private func count(of table: SourceCatalog.Table) -> Int {
    if isOfTenants(table.name) { return 1 }
    let combinations = table.columns.reduce(1) { count, column in
      min(48, count * max(1, column.words.count, compared(table, column).count + 1))
    }
    // A table that refers to others has more rows, so that its rows refer to rows of every kind of
    // day.
    let refers = table.columns.contains {
      $0.reference.map { !isOfTenants($0.table) } ?? false
    }
    return min(48, max(refers ? 16 : 8, combinations * 2))
  }

  private func row(
    _ index: Int, of table: SourceCatalog.Table, _ owner: TrialWorld.Owner,
    _ character: TrialWorld.Character
  ) -> String {
    var stride = 1
    let declared = declaredOwners(table)
    return table.columns.enumerated().map { position, column -> String in
      if isKey(table, column) {
        return literal(key(table.name, index, owner, as: column), column)
      }
      if !declared.isEmpty, declared[index % declared.count] == column.name {
        return literal(tenantKey(owner), column)
      }
      if let target = column.reference?.table {
        return reference(index, position, target, column, table, owner)
      }
      if !column.words.isEmpty {
        let word = column.words[index / stride % column.words.count]
        stride = min(48, stride * column.words.count)
        return literal(word, column)
      }
      let compared = compared(table, column)
      if !compared.isEmpty {
        let count = compared.count + (character.hasOtherWords ? 1 : 0)
        let place = index / stride % count
        stride = min(48, stride * count)
        if place < compared.count { return literal(compared[place], column) }
      }
      let isMissing =
        character.missing > 0 && column.isNullable
        && Self.pick(character.missing, index, position, salt: 1) == 0
      return isMissing ? "NULL" : value(index, position, table, column, owner, character)
    }.joined(separator: ", ")
  }

  /// What the queries compare a column with, as far as the column can have such values.
  private func compared(
    _ table: SourceCatalog.Table, _ column: SourceCatalog.Column
  ) -> [String] {
    guard let found = comparisons[table.name]?[column.name], column.words.isEmpty,
      column.reference == nil, !isOfTenants(table.name)
    else { return [] }
    switch column.base {
    case "smallint", "integer", "bigint":
      return found.filter { Int16($0) != nil }.sorted()
    case "text", "character varying", "character":
      return found.filter { $0.count <= column.length ?? 40 }.sorted()
    default: return []
    }
  }

  private func reference(
    _ index: Int, _ position: Int, _ target: String, _ column: SourceCatalog.Column,
    _ table: SourceCatalog.Table, _ owner: TrialWorld.Owner
  ) -> String {
    guard let referred = catalog.table(target) else { return "NULL" }
    let isForeign =
      !isOfTenants(target) && index % 4 == position % 4 && !owns(table, column.name)
    let targetIndex = (index * 3 + index / 8 + position) % count(of: referred)
    return literal(key(target, targetIndex, isForeign ? owner.other : owner, as: column), column)
  }

  /// The columns that hold the tenant's id because `platform.yaml` says so, with no foreign key. Of
  /// several, each row has the tenant in one.
  private func declaredOwners(_ table: SourceCatalog.Table) -> [String] {
    guard let named = extract.platform.owners[table.name] else { return [] }
    return table.columns.filter { named.contains($0.name) && $0.reference == nil }.map(\.name)
  }

  /// Whether a row belongs to its tenant by this column: with another value there, it would be
  /// another tenant's row.
  private func owns(_ table: SourceCatalog.Table, _ column: String) -> Bool {
    do throws(Diagnostic) {
      guard
        case .through(let owner, _, _, _) = try Ownership(of: table, in: catalog, extract.platform)
      else { return false }
      return owner == column
    } catch {
      // The queries cannot read such a table.
      return true
    }
  }

  private func value(
    _ index: Int, _ position: Int, _ table: SourceCatalog.Table, _ column: SourceCatalog.Column,
    _ owner: TrialWorld.Owner, _ character: TrialWorld.Character
  ) -> String {
    var number = character.numbers + index + 1
    let amounts = character.amounts
    if !amounts.isEmpty, Self.pick(2, index, position, salt: 2) == 0 {
      number = amounts[Self.pick(amounts.count, index, position, salt: 3)]
    }
    switch column.base {
    case "uuid": return literal(key("\(table.name).\(column.name)", index, owner), column)
    case "smallint": return String(min(max(number, -32_000), 32_000))
    case "integer", "bigint": return String(number)
    case "numeric", "real", "double precision":
      let most = column.digits.map { $0 < 9 ? (0..<$0).reduce(1) { n, _ in n * 10 } - 1 : .max }
      let fits = most.map { min(max(number, -$0 + 1), $0 - 1) } ?? number
      return "\(fits).25"
    case "boolean": return index % 2 == 0 ? "true" : "false"
    case "date": return literal(day(index, position, character).description, column)
    case "timestamp with time zone", "timestamp without time zone":
      let hour = (10 + position % 10 + character.hours) % 24
      return literal(
        "\(day(index, position, character)) \(hour < 10 ? "0" : "")\(hour):00:00+00", column)
    case "text", "character varying", "character", "name":
      return literal(text(index, position, table, column, character), column)
    default: return "NULL"
    }
  }

  private func text(
    _ index: Int, _ position: Int, _ table: SourceCatalog.Table, _ column: SourceCatalog.Column,
    _ character: TrialWorld.Character
  ) -> String {
    // PostgreSQL itself must understand what is a tenant's time zone.
    let place = BaseColumn(table: table.name, column: column.name)
    switch catalog.tenancy.settings.first(where: { $0.value == place })?.key {
    case "time_zone": return character.timeZone
    case "locale": return character.locale
    case "currency": return character.currency
    default: break
    }
    // Known currencies, so that rows match rows of the same currency in joins.
    if column.name == "currency" { return ["EUR", "USD", "BRL"][index % 3] }
    let words = character.words
    if !words.isEmpty, Self.pick(3, index, position, salt: 4) == 0 {
      let word = words[Self.pick(words.count, index, position, salt: 5)]
      return String(word.prefix(column.length ?? 40))
    }
    // Values repeat, so that groups have several rows and joins by value find matches. A neighbour
    // shares some values, in rows whose other values differ.
    let isShared = Self.pick(2, index, position, salt: 6) == 0
    let mark = isShared ? TrialWorld.Character().mark : character.mark
    let isUsual =
      character.usualText != nil && Self.pick(4, index, position, salt: 8) > 0
    let digit = isUsual ? character.usualText ?? 0 : index % 5
    let text = mark + String(digit) + column.name.prefix(4)
    let tail = isShared ? "" : String(repeating: "x", count: character.longer)
    return String((text + tail).prefix(column.length ?? 40))
  }

  /// A day inside the period, on its first or last day, in the period before, or years away.
  private func day(
    _ index: Int, _ position: Int, _ character: TrialWorld.Character
  ) -> CivilDate {
    let days = period.end.daysSince1970 - period.start.daysSince1970
    let day: CivilDate =
      switch index % 8 {
      case 0: period.start
      case 1: period.lastDay
      case 2: period.previous.start.adding(days: 2)
      case 3: period.start.adding(days: days / 2)
      case 4: period.start.adding(days: min(days - 1, 3 + index))
      case 5: period.end.adding(days: 1)
      case 6: period.start.adding(days: -800)
      default: period.start.adding(days: min(days - 1, 7))
      }
    // Of the times of one row some move and some do not.
    return day.adding(days: character.days * Self.pick(3, index, position, salt: 7))
  }

  /// A number below `count` that is the same each time and follows no other number here.
  private static func pick(_ count: Int, _ index: Int, _ position: Int, salt: UInt64) -> Int {
    // The finisher of SplitMix64 (Steele, Lea and Flood, 2014).
    var mixed = UInt64(index) << 24 | UInt64(position) << 8 | salt
    mixed = ((mixed &+ 0x9e37_79b9_7f4a_7c15) ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return Int((mixed ^ (mixed >> 31)) % UInt64(count))
  }

  private func literal(_ text: String, _ column: SourceCatalog.Column) -> String {
    "\(Quoting.literal(text))::\(column.type)"
  }
}
