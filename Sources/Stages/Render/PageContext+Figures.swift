import Diagnostics
import Pipelines

extension PageContext {
  /// A figure for a template: `label`, `value`, `previous`, `change`, `direction` (`up`, `down`,
  /// `same`), `none` if the change has no base, `zero` if the value is zero, `nothing` if the
  /// previous value is zero too, `definition`, and `amounts` with one entry per currency.
  func view(_ figure: ReportModel.Figure) -> PageView? {
    attempt {
      var view: [String: Any] = ["name": figure.name, "definition": false]
      view["label"] = PageText.carry(try messages.title("figures", figure.name))
      if let text = try messages.optional("definitions", figure.name, globals) {
        view["definition"] = PageText.carry(text)
      }
      let amounts = try figure.amounts.map { try amountView($0, of: figure) }
      view["amounts"] = amounts.map(PageView.init)
      view["several"] = amounts.count > 1
      if let first = amounts.first { view.merge(first) { own, _ in own } }
      return PageView(view)
    }
  }

  private func amountView(
    _ amount: ReportModel.Amount, of figure: ReportModel.Figure
  ) throws -> [String: Any] {
    // What is absent is `false`: otherwise a template would find the same name in an outer context.
    var view: [String: Any] = [
      "currency": false, "previous": false, "change": false, "none": false, "nothing": false,
    ]
    let shown = try rounded(amount, of: figure)
    view["value"] = PageText.carry(try values.amount(shown, of: figure) ?? "–")
    view["zero"] = amount.value?.isZero ?? (amount.text == nil)
    if let currency = amount.currency { view["currency"] = PageText.carry(currency) }
    guard let previous = amount.previous else { return view }
    view["nothing"] = previous.isZero && (amount.value?.isZero ?? true)
    var before = ReportModel.Amount(currency: amount.currency, value: previous)
    before = try rounded(before, of: figure)
    view["previous"] = PageText.carry(try values.amount(before, of: figure) ?? "–")
    guard let value = amount.value else { return view }
    view["direction"] = value == previous ? "same" : value > previous ? "up" : "down"
    if let change = amount.change {
      // The change of a percentage is not shown as a percentage of it.
      if figure.format != .percent, !change.isZero {
        view["change"] = messages.format.signed(
          try messages.format.percentChange(change), of: change)
      }
    } else if !(value.isZero && previous.isZero) {
      view["none"] = true
    }
    return view
  }

  /// Money in large type has the currency's decimals; the tables show its exact value. An amount
  /// that would be shown as nothing is exact here too.
  private func rounded(
    _ amount: ReportModel.Amount, of figure: ReportModel.Figure
  ) throws -> ReportModel.Amount {
    guard figure.format == .money, let value = amount.value else { return amount }
    let rounded = try value.rounded(
      toScale: LocaleFormat.decimals(of: amount.currency ?? ""), .halfUp)
    if rounded.isZero, !value.isZero { return amount }
    var amount = amount
    amount.value = rounded
    return amount
  }
}
