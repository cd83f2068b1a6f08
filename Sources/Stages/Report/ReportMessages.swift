import Basics
import Diagnostics
import Pipelines

/// The texts of one pipeline's reports in one locale. The pipeline's own `PIPELINE.columns.NAME`
/// comes before the common `columns.NAME`.
final class ReportMessages: Sendable {
  let catalog: MessageCatalog
  let pipeline: String
  /// The locale whose texts are used, so that numbers and words agree.
  let locale: String
  let format: LocaleFormat
  /// The time zone in which instants are shown.
  let zone: ZoneRules

  init(
    catalog: MessageCatalog, pipeline: String, locale: String, zone: ZoneRules
  ) {
    self.zone = zone
    self.catalog = catalog
    self.pipeline = pipeline
    self.locale = catalog.effectiveLocale(for: locale)
    format = LocaleFormat(self.locale)
  }

  /// The pipeline's own message of a kind (`figures`, `charts`, `tables`, `columns`), or the common
  /// one.
  func title(_ kind: String, _ name: String) throws(Diagnostic) -> String {
    if let own = try optional(kind, name) { return own }
    return try catalog.text("\(pipeline).\(kind).\(name)", locale: locale)
  }

  func optional(
    _ kind: String, _ name: String, _ arguments: [String: MessageCatalog.Argument] = [:]
  ) throws(Diagnostic) -> String? {
    for key in ["\(pipeline).\(kind).\(name)", "\(kind).\(name)"]
    where catalog.message(key, locale: locale) != nil {
      return try catalog.text(key, locale: locale, arguments)
    }
    return nil
  }

  func text(
    _ key: String, _ arguments: [String: MessageCatalog.Argument] = [:]
  ) throws(Diagnostic) -> String {
    try catalog.text(key, locale: locale, arguments)
  }

  /// The text of a word of a closed list. An unknown word is an error of code `data`. The message
  /// names the list but not the word, which a tenant could have typed.
  func term(_ word: String, column: String) throws(Diagnostic) -> String {
    guard let text = try optional("terms.\(column)", word) else {
      let known = ["\(pipeline).terms.\(column).", "terms.\(column)."].flatMap { prefix in
        catalog.keys(beginningWith: prefix).map { String($0.dropFirst(prefix.count)) }
      }
      throw Diagnostic(
        .data, "the column '\(column)' holds an unknown term",
        hint: known.isEmpty
          ? "it has no list of terms: add terms.\(column) to the message catalogues"
          : "known terms: \(known.joined(separator: ", ")); fix the row, or add the term")
    }
    return text
  }
}
