/// Writes single cells of CSV files.
enum TableCell {
  /// RFC 4180: in quotes only where necessary. An empty text is quoted, because NULL is not.
  static func write(_ field: some Collection<UInt8>, delimiter: UInt8, to bytes: TableBytes) {
    let needsQuotes =
      field.isEmpty
      || field.contains { byte in
        byte == delimiter || byte == UInt8(ascii: "\"") || byte == 10 || byte == 13
      }
    guard needsQuotes else {
      bytes.append(field)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    for byte in field {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// A text for a spreadsheet, changed so that it does not look like a formula.
  static func writeForPeople(_ field: some Collection<UInt8>, to bytes: TableBytes) {
    guard isFormulaStart(field) else {
      write(field, delimiter: UInt8(ascii: ";"), to: bytes)
      return
    }
    write([UInt8(ascii: "'")] + Array(field), delimiter: UInt8(ascii: ";"), to: bytes)
  }

  /// `2026-11-20 14:05:33.5+00` as PostgreSQL prints it in UTC, by ISO 8601.
  static func writeInstant(_ field: some Collection<UInt8>, to bytes: TableBytes) {
    var length = 0
    for byte in field {
      // The zone begins at a sign after the date.
      if length > 10, byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-") { break }
      bytes.append(length == 10 ? UInt8(ascii: "T") : byte)
      length += 1
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  /// Whether a spreadsheet can read the field as a formula. Some also read the full-width forms
  /// `＝`, `＋`, `－` and `＠` so.
  private static func isFormulaStart(_ field: some Collection<UInt8>) -> Bool {
    switch field.first {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "@"), 9, 10, 13:
      true
    case 0xEF: ["＝", "＋", "－", "＠"].contains(String(decoding: field.prefix(3), as: UTF8.self))
    default: false
    }
  }
}
