import Diagnostics
import Pipelines

/// Compares rows as PostgreSQL orders them: by columns, text by its bytes, NULL after all values.
struct RowOrder {
  private enum Kind {
    case text, blankPadded, integer, numeric
    /// Values whose texts are ordered as they are: UUIDs, days, moments in UTC, `f` and `t`.
    case plain
  }

  private var terms: [(place: Int, kind: Kind, descending: Bool)] = []

  /// - Parameters:
  ///   - order: columns with their direction.
  ///   - columns: all columns of the rows.
  init(_ order: [ExtractSpec.Order], _ columns: [Dataset.Column]) throws(Diagnostic) {
    for term in order {
      guard let place = columns.firstIndex(where: { $0.name == term.column }) else {
        throw Diagnostic(.configuration, "the order names '\(term.column)', which is not a column")
      }
      let kind: Kind =
        switch columns[place].type {
        case "char": .blankPadded
        case "text", "varchar": .text
        case "smallint", "integer", "bigint": .integer
        case "numeric": .numeric
        default: .plain
        }
      terms.append((place, kind, term.descending))
    }
  }

  /// Less than 0 if the first row comes first, 0 if both have the same place.
  func compare(_ one: DatasetRows.Row, _ other: DatasetRows.Row) -> Int {
    for term in terms {
      let order = Self.compare(one.values[term.place], other.values[term.place], term.kind)
      if order != 0 { return term.descending ? -order : order }
    }
    return 0
  }

  private static func compare(_ one: [UInt8]?, _ other: [UInt8]?, _ kind: Kind) -> Int {
    guard let one, let other else { return (one == nil ? 1 : 0) - (other == nil ? 1 : 0) }
    switch kind {
    case .text, .plain: return bytes(one, other)
    case .blankPadded: return bytes(trimmed(one), trimmed(other))
    case .integer:
      let (a, b) = (Int64(text(one)) ?? 0, Int64(text(other)) ?? 0)
      return a == b ? 0 : a < b ? -1 : 1
    case .numeric: return DecimalText(one).compare(DecimalText(other))
    }
  }

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes.prefix(bytes.count - bytes.reversed().prefix { $0 == UInt8(ascii: " ") }.count))
  }

  fileprivate static func bytes(_ one: some Sequence<UInt8>, _ other: some Sequence<UInt8>) -> Int {
    if one.lexicographicallyPrecedes(other) { return -1 }
    return other.lexicographicallyPrecedes(one) ? 1 : 0
  }
}

/// A `numeric` as PostgreSQL prints it, of any length.
private struct DecimalText {
  private var rank = 0
  private var isNegative = false
  private var whole: [UInt8] = []
  private var part: [UInt8] = []

  init(_ bytes: [UInt8]) {
    switch String(decoding: bytes, as: UTF8.self) {
    case "NaN": rank = 2
    case "Infinity": rank = 1
    case "-Infinity": rank = -1
    default:
      isNegative = bytes.first == UInt8(ascii: "-")
      let halves = bytes.dropFirst(isNegative ? 1 : 0).split(
        separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
      let zero = UInt8(ascii: "0")
      whole = Array((halves.first ?? []).drop { $0 == zero })
      part = halves.count > 1 ? Array(halves[1]) : []
      while part.last == zero { part.removeLast() }
      if whole.isEmpty, part.isEmpty { isNegative = false }
    }
  }

  func compare(_ other: DecimalText) -> Int {
    if rank != other.rank || rank != 0 { return rank - other.rank }
    if isNegative != other.isNegative { return isNegative ? -1 : 1 }
    var order = whole.count - other.whole.count
    if order == 0 { order = RowOrder.bytes(whole, other.whole) }
    if order == 0 { order = RowOrder.bytes(part, other.part) }
    return isNegative ? -order : order
  }
}
