/// A length of time as people write it, in files and on the command line: `90s`, `10m`, `26h`,
/// `2d`.
package enum DurationText {
  /// The longest length of time that can be meant.
  package static let mostDays = 36_500

  /// The length in seconds; `nil` if it is malformed, negative or longer than `mostDays`.
  package static func seconds(_ text: String) -> Int? {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int(text.dropLast()),
      (0...mostDays * 86_400 / unit).contains(count)
    else { return nil }
    return count * unit
  }
}
