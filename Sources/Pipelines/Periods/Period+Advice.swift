package import Basics

extension Period {
  /// What to write instead of a text that is not a period.
  package static func advice(for text: String) -> String {
    let parts = text.components(around: "..")
    if parts.count == 2, let first = CivilDate(parts[0]), let last = CivilDate(parts[1]) {
      return last < first
        ? "the first day comes first: \(last)..\(first)"
        : "a range has at most \(longestRange) days"
    }
    let bytes = Array(text.utf8)
    if bytes.count == 8, bytes[4...5].elementsEqual("-W".utf8),
      let year = CivilDate.number(bytes[..<4]), year >= 1,
      CivilDate.number(bytes[6...]) != nil
    {
      let last = Period(.week, containing: CivilDate(validYear: year, month: 12, day: 28))
      return "the weeks of \(CivilDate.padded(year, 4)) are W01 to W\(last.week)"
    }
    return "write \(forms)"
  }

  /// A period of a kind for trials, around a day. A range begins and ends in the middle of months.
  package static func sample(_ kind: Kind, on day: CivilDate) -> Period {
    let range = Period(from: day.adding(days: -40), through: day.adding(days: 33))
    return kind == .range ? range ?? Period(.range, containing: day) : Period(kind, containing: day)
  }
}

extension String {
  /// The parts before, between and after a separator.
  fileprivate func components(around separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}
