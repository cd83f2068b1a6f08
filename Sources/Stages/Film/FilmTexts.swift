import Basics
import Diagnostics
import Foundation
import Pipelines

/// The texts of a film, in the tenant's language.
struct FilmTexts: Sendable {
  let messages: ReportMessages
  let work: PartitionWork

  init(catalog: MessageCatalog, work: PartitionWork) throws {
    messages = try ReportMessages(
      catalog: catalog, pipeline: work.pipeline.name, locale: work.tenant.locale)
    self.work = work
  }

  var locale: String { messages.locale }
  var format: LocaleFormat { messages.format }
  var title: String { work.pipeline.title(for: work.tenant.locale) }
  var period: String { format.period(work.period) }

  func text(_ key: String, count: Int? = nil) throws(Diagnostic) -> String {
    try messages.text("film.\(key)", count.map { ["count": .number(DecimalNumber($0))] } ?? [:])
  }

  /// `Novembro`: capitalised, because months are at the beginning of a line.
  func month(_ month: CivilDate) -> String {
    let name = format.monthName(month.month)
    return name.prefix(1).uppercased() + name.dropFirst()
  }

  /// `3 de novembro`
  func day(_ item: FilmItem) -> String { format.date(item.day) }

  /// The word for an item's kind; `""` if the catalogue has none.
  func kind(_ item: FilmItem) throws(Diagnostic) -> String {
    try messages.optional("film.kinds", item.kind.name) ?? ""
  }

  /// The people who made it or took part, and how many more there were.
  func people(_ item: FilmItem) throws(Diagnostic) -> String {
    var parts = item.people.isEmpty ? [] : [item.people]
    for (count, key) in [(item.hidden, "plus.hidden"), (item.guests, "plus.guests")] where count > 0
    {
      parts.append(try messages.text(key, ["count": .number(DecimalNumber(count))]))
    }
    return parts.joined(separator: ", ")
  }

  /// One line: subtitle, people and day. A recording can have many people, and a long line is cut
  /// at its end: so its day comes before them.
  func meta(_ item: FilmItem) throws(Diagnostic) -> String {
    let (people, day) = (try people(item), format.shortDate(item.day))
    let parts = item.kind.medium == .recording ? [day, people] : [people, day]
    return ([item.subtitle] + parts).filter { !$0.isEmpty }
      .joined(separator: FilmTexts.separator)
  }

  /// The separator of the parts of one line.
  static let separator = " ·\u{A0}"

  /// A line whose parts keep their order. A part written from right to left is isolated (U+2068 …
  /// U+2069); otherwise it would swap places with the number after it.
  static func inOrder(_ line: String) -> String {
    let parts = line.components(separatedBy: separator)
    if parts.count < 2 { return line }
    return parts.map { part in
      let isRightToLeft = part.unicodeScalars.contains { scalar in
        (0x590...0x8FF).contains(scalar.value) || (0xFB1D...0xFDFF).contains(scalar.value)
          || (0xFE70...0xFEFF).contains(scalar.value)
      }
      return isRightToLeft ? "\u{2068}\(part)\u{2069}" : part
    }.joined(separator: separator)
  }

  /// A figure's value and the word for what it counts.
  func figure(_ figure: FilmFigure) throws(Diagnostic) -> (value: String, label: String) {
    let label = try messages.text(
      "film.figures.\(figure.column)", ["count": .number(DecimalNumber(figure.value))])
    switch figure.format {
    case .integer: return (format.integer(figure.value), label)
    case .duration: return (format.duration(seconds: figure.value), label)
    }
  }

  /// Two letters for an item without a picture, from its subtitle or its title, in the rules of a
  /// language.
  static func monogram(_ item: FilmItem, language: String = "") -> String {
    let text = item.subtitle.isEmpty ? item.title : item.subtitle
    let letters = text.filter { $0.isLetter || $0.isNumber }
    guard let first = letters.first else { return "·" }
    // One ideograph is enough instead of two letters.
    if first.utf8.count > 2 { return String(first) }
    return upperCase(first, language: language) + letters.dropFirst().prefix(1)
  }

  /// A letter in upper case, if that is one letter: `ß` has none. In Turkish and Azerbaijani, `i`
  /// keeps its dot.
  private static func upperCase(_ letter: Character, language: String) -> String {
    if letter == "i", ["tr", "az"].contains(language) { return "İ" }
    let upper = letter.uppercased()
    return upper.count == 1 ? upper : String(letter)
  }

  /// The part of a text that can be read in this time, at 0.3 s per word. `words` other words are
  /// read before it.
  static func readable(_ text: String, milliseconds: Int, after words: Int) -> String {
    let room = max(0, (milliseconds - 600) / 300 - words)
    if room < 4 { return "" }
    // A script without spaces: three characters count as a word.
    let spaced = text.split(whereSeparator: \.isWhitespace)
    if spaced.count * 12 < text.count { return cut(text, String(text.prefix(room * 3))) }
    return cut(text, spaced.prefix(room).joined(separator: " "), isWhole: spaced.count <= room)
  }

  private static func cut(_ text: String, _ start: String, isWhole: Bool? = nil) -> String {
    if isWhole ?? (start.count == text.count) { return text }
    var start = Substring(start)
    while let last = start.last, !last.isLetter, !last.isNumber { start.removeLast() }
    return start + "…"
  }
}
