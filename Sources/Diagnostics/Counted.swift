/// Writes counts and sizes in English, for messages and the operator's pages.
package enum Counted {
  /// `row` for one, `rows` for any other number.
  package static func noun(_ noun: String, _ number: Int) -> String {
    number == 1 ? noun : noun + "s"
  }

  /// `1 row`, `2 rows`.
  package static func text(_ number: Int, _ noun: String) -> String {
    "\(number) \(self.noun(noun, number))"
  }

  /// `512 B`, `12.3 MB`; in powers of a thousand. Reports for readers use their language's format
  /// instead.
  package static func bytes(_ bytes: Int) -> String {
    if bytes < 1000 { return "\(bytes) B" }
    var value = Double(bytes) / 1000
    var unit = "kB"
    for larger in ["MB", "GB", "TB"] {
      // From here on, rounding would make it 1000.0.
      if value < 999.95 { break }
      value /= 1000
      unit = larger
    }
    return "\(tenths(value)) \(unit)"
  }

  /// `12.3`: a number of at least 0, rounded to tenths.
  package static func tenths(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
