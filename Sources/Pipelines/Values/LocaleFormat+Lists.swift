package import Basics

extension LocaleFormat {
  /// `C, Go e Rust`; in languages other than Portuguese, English and Spanish with commas alone.
  package func list(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    let first = words.dropLast().joined(separator: ", ")
    switch language {
    case "pt": return "\(first) e \(last)"
    case "en": return "\(first) and \(last)"
    case "es": return "\(first) \(isSpokenWithI(last) ? "e" : "y") \(last)"
    default: return "\(first), \(last)"
    }
  }

  /// Before the sound of “i”, Spanish says “e” instead of “y”: `Go e Io`, but `Go y Hielo`.
  private func isSpokenWithI(_ word: String) -> Bool {
    let word = word.lowercased()
    if word.hasPrefix("hie") || word.hasPrefix("hia") { return false }
    return ["i", "í", "hi", "hí"].contains { word.hasPrefix($0) }
  }

  /// A day without its year: `1º de janeiro`, `20 November`.
  package func dayAndMonth(_ day: CivilDate) -> String {
    let name = monthName(day.month)
    switch language {
    case "pt" where day.day == 1: return "1º de \(name)"
    case "pt", "es": return "\(day.day) de \(name)"
    case "en" where isMonthFirst: return "\(name) \(day.day)"
    case "en": return "\(day.day) \(name)"
    default: return day.description
    }
  }
}
