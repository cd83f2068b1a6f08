/// How a value is shown to people. Machines always get the plain value.
package enum ValueFormat: String, Sendable, Codable, CaseIterable {
  /// `1.234`
  case integer
  /// `1.234,5`
  case decimal
  /// An amount, in the currency of the row, else in the tenant's.
  case money
  /// A ratio: 0.125 is `13%`.
  case percent
  /// Whole seconds: `2 h 05 min`.
  case duration
  /// A day.
  case date
  /// A month, by one of its days.
  case month
  /// 0 Monday … 6 Sunday.
  case weekday
  /// 0…23, an hour of the day.
  case hour
  /// An instant, shown to the minute in the tenant's time zone. (`date` shows only its day.)
  case time
  /// Words separated by commas. A space is added after each comma, so that they can wrap.
  case words
  /// A text, shown as it is.
  case text
  /// A word of a closed list, `terms.COLUMN.WORD` in the message catalogue. An unknown word is an
  /// error of code `data`.
  case term
  /// `t` or `f`
  case boolean
  /// An address. If it begins with `https://`, it is a link.
  case link

  /// What formats are called elsewhere.
  static let meant = [
    "int": "integer", "bigint": "integer", "count": "integer", "number": "decimal",
    "float": "decimal", "double": "decimal", "numeric": "decimal", "real": "decimal",
    "currency": "money", "amount": "money", "price": "money", "percentage": "percent",
    "ratio": "percent", "share": "percent", "seconds": "duration", "length": "duration",
    "interval": "duration", "day": "date", "datetime": "time", "timestamp": "time",
    "timestamptz": "time", "instant": "time", "list": "words", "tags": "words", "string": "text",
    "varchar": "text", "name": "text", "enum": "term", "bool": "boolean", "flag": "boolean",
    "url": "link", "uri": "link", "href": "link", "dow": "weekday", "hours": "hour",
    "hour_of_day": "hour", "day_of_week": "weekday",
  ]

  package var isNumber: Bool {
    switch self {
    case .integer, .decimal, .money, .percent, .duration: true
    default: false
    }
  }

  /// The default format of a column of a PostgreSQL type.
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
