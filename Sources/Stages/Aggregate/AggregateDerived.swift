import Diagnostics
import Pipelines

/// Computes the figures that are made of other figures, and the changes of all figures.
struct AggregateDerived {
  let spec: AggregateSpec
  let found: [String: ReportModel.Figure]
  let work: PartitionWork

  /// All figures in the file's order.
  func figures() throws -> [ReportModel.Figure] {
    var figures = found
    var ordered: [ReportModel.Figure] = []
    for figure in spec.figures {
      do {
        var made = try figures[figure.name] ?? derived(figure, from: figures)
        for index in made.amounts.indices {
          made.amounts[index].change = try AggregateDerived.change(made.amounts[index])
        }
        figures[figure.name] = made
        ordered.append(made)
      } catch is DecimalNumber.Overflow {
        throw Diagnostic(
          .data, "the figure '\(figure.name)' overflows (38 digits)", at: figure.place.subject)
      }
    }
    return ordered
  }

  /// (value − previous) ÷ previous. `nil` unless the previous value is above zero: a change from −5
  /// to 5 cannot be a percentage.
  static func change(
    _ amount: ReportModel.Amount
  ) throws(DecimalNumber.Overflow) -> DecimalNumber? {
    guard let value = amount.value, let previous = amount.previous, previous > .zero else {
      return nil
    }
    return try (value - previous).share(of: previous, scale: 6)
  }

  private func derived(
    _ figure: FigureSpec, from figures: [String: ReportModel.Figure]
  ) throws -> ReportModel.Figure {
    let operands = figure.operands.compactMap { figures[$0] }
    guard operands.count == figure.operands.count, let first = operands.first else {
      throw Diagnostic(
        .data, "the figure '\(figure.name)' needs figures whose rows were not extracted",
        at: figure.place.subject)
    }
    let amounts = try first.amounts.map { amount in
      let others = operands.dropFirst().map { other in
        other.amounts.first { $0.currency == amount.currency }
          ?? ReportModel.Amount(currency: amount.currency, value: .zero)
      }
      return ReportModel.Amount(
        currency: figure.format == .money ? amount.currency : nil,
        value: try combine(figure, amount.value, others.map(\.value)),
        previous: try combine(figure, amount.previous, others.map(\.previous)))
    }
    return ReportModel.Figure(name: figure.name, format: figure.format, amounts: amounts)
  }

  /// A share has six decimals, because it is shown in percent. Any other ratio has one, or as many
  /// more as it needs to be other than zero.
  private static func ratio(
    _ part: DecimalNumber, _ whole: DecimalNumber, _ format: ValueFormat
  ) throws(DecimalNumber.Overflow) -> DecimalNumber? {
    if format == .percent { return try part.share(of: whole, scale: 6) }
    for scale in 1...6 {
      guard let ratio = try part.divided(by: whole, scale: scale, rounding: .halfUp) else {
        return nil
      }
      if !ratio.isZero || part.isZero { return ratio }
    }
    return try part.share(of: whole, scale: 6)
  }

  private func combine(
    _ figure: FigureSpec, _ first: DecimalNumber?, _ others: [DecimalNumber?]
  ) throws -> DecimalNumber? {
    guard var value = first else { return nil }
    for other in others {
      guard let other else { return nil }
      if case .ratio = figure.source {
        guard let ratio = try Self.ratio(value, other, figure.format) else { return nil }
        value = ratio
      } else {
        value = try value - other
      }
    }
    return value
  }
}

extension AggregateSpec.Tie {
  /// The names of the figures. Throws `data` unless they are equal in every currency.
  func checked(_ all: [ReportModel.Figure]) throws -> [String] {
    func amounts(_ name: String) -> [String: DecimalNumber] {
      let figure = all.first { $0.name == name }
      var amounts: [String: DecimalNumber] = [:]
      for amount in figure?.amounts ?? [] {
        if let value = amount.value, !value.isZero { amounts[amount.currency ?? ""] = value }
      }
      return amounts
    }
    for name in figures.dropFirst() where amounts(name) != amounts(figures[0]) {
      throw Diagnostic(
        .data, "the figures '\(figures[0])' and '\(name)' must be equal, but they differ",
        at: place.subject, hint: "nothing was published; fix the rows or the queries, then retry")
    }
    return figures
  }
}
