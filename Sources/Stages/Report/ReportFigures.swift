import Basics
import Foundation
package import Pipelines

/// The figures of a report model as texts, for whoever tells of a report without its page.
package enum ReportFigures {
  /// Figure to its value in a language; several currencies are joined. Unknown values are left out.
  ///
  /// - Parameter json: the bytes of `report.json`.
  package static func texts(_ json: [UInt8], _ format: LocaleFormat) throws -> [String: String] {
    let model = try JSONDecoder().decode(ReportModel.self, from: Data(json))
    var texts: [String: String] = [:]
    for figure in model.figures {
      let values = try figure.amounts.compactMap { try text($0, figure.format, format) }
      if !values.isEmpty { texts[figure.name] = values.joined(separator: " + ") }
    }
    return texts
  }

  private static func text(
    _ amount: ReportModel.Amount, _ kind: ValueFormat, _ format: LocaleFormat
  ) throws -> String? {
    guard let value = amount.value else {
      guard kind == .date || kind == .month, let text = amount.text, let day = CivilDate(text)
      else { return amount.text }
      return kind == .date ? format.date(day) : format.month(day.month, of: day.year)
    }
    switch kind {
    case .money:
      let currency = amount.currency ?? ""
      return format.money(
        try value.rounded(toScale: LocaleFormat.decimals(of: currency), .halfUp),
        currency: currency)
    case .percent: return try format.percent(value)
    case .duration: return try format.duration(value)
    default: return format.decimal(value)
    }
  }
}
