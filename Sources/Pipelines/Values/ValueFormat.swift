/// How a value is shown to people; machines always get the plain value.
package enum ValueFormat: String, Sendable, Codable, CaseIterable {
  /// `1.234`
  case integer
  /// `1.234,5`
  case decimal
  /// An amount in the currency of the row, else the tenant's.
  case money
  /// A ratio: 0.125 is `12,5%`.
  case percent
  /// Whole seconds: `2 h 05 min`.
  case duration
  /// A day.
  case date
  /// A day that stands for its month.
  case month
  /// 0 Monday … 6 Sunday.
  case weekday
  /// An instant, shown to the minute in the tenant's time zone. (`date` shows its day there.)
  case time
  /// Words with commas between, which get room to wrap.
  case words
  /// What somebody typed, shown as it is.
  case text
  /// A word of a closed list, `terms.COLUMN.WORD` in the message catalogue; an unknown one is the
  /// tenant's error.
  case term
  /// `t` or `f`
  case boolean
  /// An address, a link where it is `https`.
  case link

  package var isNumber: Bool {
    switch self {
    case .integer, .decimal, .money, .percent, .duration: true
    default: false
    }
  }

  /// What a column of a PostgreSQL type is shown as where nothing is said.
  package static func standard(for type: String) -> ValueFormat {
    switch type {
    case "smallint", "integer", "bigint": .integer
    case "numeric": .decimal
    case "date": .date
    case "timestamptz", "timestamp with time zone": .time
    case "boolean": .boolean
    default: .text
    }
  }
}
