import Basics
import Diagnostics
import Pipelines

/// Chooses and words the sentences of a report by its rules.
struct AggregateSentences {
  let figures: [ReportModel.Figure]
  let messages: ReportMessages

  func sentence(_ spec: SentenceSpec) throws -> ReportModel.Sentence? {
    for variant in spec.variants where variant.conditions.allSatisfy(holds) {
      var arguments = try self.arguments()
      if let count = variant.count.flatMap(first)?.value { arguments["count"] = .number(count) }
      do {
        return ReportModel.Sentence(
          name: spec.name, message: variant.message,
          text: try messages.text(variant.message, arguments))
      } catch {
        throw error.filling(variant.place.subject)
      }
    }
    return nil
  }

  /// Figures as parameters: `{posts}`, `{posts.previous}`, `{posts.change}` (without its sign),
  /// `{posts.times}`.
  private func arguments() throws -> [String: MessageCatalog.Argument] {
    let value = ReportValue(messages)
    var arguments: [String: MessageCatalog.Argument] = [:]
    for figure in figures {
      guard let amount = figure.amounts.first else { continue }
      if figure.format == .weekday, let weekday = amount.value?.integer {
        arguments[figure.name] = .text(messages.format.onWeekdays(weekday) ?? "")
      } else if figure.format == .month, let day = amount.text.flatMap({ CivilDate($0) }) {
        arguments[figure.name] = .text(messages.format.monthName(day.month))
      } else {
        let text = try value.amount(amount, of: figure) ?? "–"
        arguments[figure.name] =
          [.text, .words].contains(figure.format) ? .typed(text) : .text(text)
      }
      if let previous = amount.previous {
        arguments["\(figure.name).previous"] = .text(
          try value.number(previous, figure.format, currency: amount.currency))
      }
      if let change = amount.change {
        arguments["\(figure.name).change"] = .text(
          try messages.format.percentChange(change.magnitude))
      }
      if let times = operand(.init(figure: figure.name, aspect: .times)) {
        arguments["\(figure.name).times"] = .number(times.trimmed)
      }
    }
    return arguments
  }

  private func holds(_ condition: Condition) -> Bool {
    let left = operand(condition.left)
    switch condition.test {
    case .isPresent: return isPresent(condition.left, left)
    case .isAbsent: return !isPresent(condition.left, left)
    case .compared(let comparison, let side):
      let right: DecimalNumber? =
        switch side {
        case .number(let number): number
        case .operand(let other): operand(other)
        }
      guard let left, let right else { return false }
      switch comparison {
      case .less: return left < right
      case .atMost: return left <= right
      case .equal: return left == right
      case .different: return left != right
      case .atLeast: return left >= right
      case .more: return left > right
      }
    }
  }

  /// A number is present if it is not zero. A weekday is always present: its zero is a Monday.
  private func isPresent(_ operand: Condition.Operand, _ value: DecimalNumber?) -> Bool {
    let figure = figures.first { $0.name == operand.figure }
    if operand.aspect == .value, let text = figure?.amounts.first?.text { return !text.isEmpty }
    guard let value else { return false }
    return !value.isZero || (operand.aspect == .value && figure?.format == .weekday)
  }

  private func first(_ figure: String) -> ReportModel.Amount? {
    figures.first { $0.name == figure }?.amounts.first
  }

  private func operand(_ operand: Condition.Operand) -> DecimalNumber? {
    guard let amount = first(operand.figure) else { return nil }
    switch operand.aspect {
    case .value: return amount.value
    case .previous: return amount.previous
    case .change: return amount.change
    case .difference, .times:
      guard let value = amount.value, let previous = amount.previous else { return nil }
      do {
        return operand.aspect == .difference
          ? try value - previous : try value.divided(by: previous, scale: 1, rounding: .halfUp)
      } catch {
        // More than 38 digits: no sentence can say that.
        return nil
      }
    }
  }
}
