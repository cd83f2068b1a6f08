import Basics
import Markup
import Pipelines

/// What a report's pictures to share say, before they are drawn: words and figures of its
/// `report.json`, and nothing else.
struct ShareCard {
  /// Whose it is, what it is, and the sentence that says it all; empty without one.
  var tenant: String
  var title: String
  var headline: String
  /// At most three.
  var figures: [(value: String, label: String)]
  /// The drawing of days, an `<svg>` that fills its box; empty without one.
  var drawing: [UInt8]

  /// How many figures have room.
  static let most = 3

  /// The card of a report; `nil` if there is nothing to say.
  ///
  /// - Parameter title: the pipeline's, in the tenant's language.
  init?(_ model: ReportModel, _ spec: CardsSpec, title: String, messages: ReportMessages) throws {
    let values = ReportValue(messages)
    // What did not happen is not worth sharing. An amount in several currencies has no room.
    let shown = spec.figures.compactMap(model.figure).filter { figure in
      figure.amounts.count == 1 && figure.amounts[0].value.map { !$0.isZero } ?? false
    }
    figures = try shown.prefix(Self.most).compactMap { figure in
      guard let value = try values.amount(figure.amounts[0], of: figure) else { return nil }
      return (value, try messages.title("figures", figure.name))
    }
    if model.isEmpty || figures.isEmpty { return nil }
    tenant = [model.person, model.tenant.name].compactMap(\.self).joined(separator: " · ")
    let period = Period(model.period.name).map(messages.format.period) ?? model.period.name
    self.title = "\(title) \(period)"
    headline = model.sentences.first { $0.name == spec.headline }?.text ?? ""
    drawing = spec.cover.flatMap { Cover(model, chart: $0) }?.svg() ?? []
  }

  /// All words of the card, a line each: what is read to people who do not see it.
  var description: String {
    ([tenant, title, headline] + figures.map { "\($0.label): \($0.value)" })
      .filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The texts by the names of the templates' slots.
  var texts: [String: String] {
    var texts = ["tenant": tenant, "title": title, "headline": headline]
    for (place, figure) in figures.enumerated() {
      texts["value\(place + 1)"] = figure.value
      texts["label\(place + 1)"] = figure.label
    }
    return texts
  }
}
