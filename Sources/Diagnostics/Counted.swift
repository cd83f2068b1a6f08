/// Writes counts in English, for messages and the operator's pages.
package enum Counted {
  /// `row` for one, `rows` for any other number.
  package static func noun(_ noun: String, _ number: Int) -> String {
    number == 1 ? noun : noun + "s"
  }

  /// `1 row`, `2 rows`.
  package static func text(_ number: Int, _ noun: String) -> String {
    "\(number) \(self.noun(noun, number))"
  }
}
