import Basics
import Diagnostics
import Pipelines

/// One figure while its dataset is read.
final class AggregateFigure {
  let spec: FigureSpec
  private var amounts: [String: ReportModel.Amount] = [:]
  private var lead: ReportModel.Lead?
  /// The greatest value of a row without a name, and the sum of all rows.
  private var (unnamed, total) = (DecimalNumber.zero, DecimalNumber.zero)
  private var lastDay: CivilDate?
  private var run = 0

  private var valueIndex = -1
  private var takeIndex = -1
  private var previousIndex: Int?
  private var currencyIndex: Int?
  private var conditions: [(index: Int, value: [UInt8])] = []

  init(_ spec: FigureSpec, reader: TableReader) throws {
    self.spec = spec
    switch spec.source {
    case .value(let column), .sum(let column), .least(let column), .greatest(let column),
      .streak(let column):
      valueIndex = try reader.index(of: column)
    case .peak(let by, let take):
      valueIndex = try reader.index(of: by)
      takeIndex = try reader.index(of: take)
    case .count, .ratio, .difference: break
    }
    previousIndex = try spec.previous.map(reader.index)
    currencyIndex = try spec.currency.map(reader.index)
    conditions = try spec.condition.map { (try reader.index(of: $0.column), Array($0.value.utf8)) }
  }

  /// Adds the reader's row.
  func add(_ reader: TableReader) throws {
    for condition in conditions {
      guard let value = reader[condition.index], value.elementsEqual(condition.value) else {
        return
      }
    }
    let currency = currencyIndex.flatMap { reader.text($0) } ?? ""
    switch spec.source {
    case .value:
      guard amounts[currency] == nil else {
        throw Diagnostic(
          .data, "the figure '\(spec.name)' found a second row, but expects only one",
          at: spec.place.subject)
      }
      amounts[currency] = try amount(reader, at: valueIndex)
      amounts[currency]?.previous = try previousIndex.flatMap { try number(reader, $0) }
    case .count: try merge(currency, DecimalNumber(1), nil) { try $0 + $1 }
    case .sum:
      let previous = try previousIndex.flatMap { try number(reader, $0) }
      try merge(currency, try number(reader, valueIndex), previous) { try $0 + $1 }
    case .least: try merge(currency, try number(reader, valueIndex), nil) { min($0, $1) }
    case .greatest: try merge(currency, try number(reader, valueIndex), nil) { max($0, $1) }
    case .streak: try extendStreak(reader)
    case .peak:
      try follow(reader)
    case .ratio, .difference: break
    }
  }

  /// How many names of leaders are kept.
  private static let mostNames = 12

  private func follow(_ reader: TableReader) throws {
    guard let value = try number(reader, valueIndex), value > .zero else { return }
    do {
      total = try total + value
    } catch {
      throw Diagnostic(
        .data, "the figure '\(spec.name)' overflows (38 digits)", at: spec.place.subject)
    }
    guard let name = reader.text(takeIndex) else {
      unnamed = max(unnamed, value)
      return
    }
    if let lead, value <= lead.value {
      guard value == lead.value else { return }
      self.lead?.count += 1
      if lead.names.count < Self.mostNames { self.lead?.names.append(name) }
    } else {
      lead = .init(value: value, total: .zero, count: 1, names: [name])
      amounts[""] = try amount(reader, at: takeIndex)
    }
  }

  /// Nobody leads if rows without a name have more.
  private func finishLead() {
    guard let found = lead else { return }
    lead?.total = total
    guard found.value < unnamed else { return }
    lead = nil
    amounts[""] = ReportModel.Amount()
  }

  /// The finished figure. Without a row, counts, sums and streaks are zero, and extremes are
  /// unknown.
  func finish(tenantCurrency: String) -> ReportModel.Figure {
    let isMoney = spec.format == .money
    finishLead()
    if amounts.isEmpty {
      let isZero =
        switch spec.source {
        case .count, .sum, .streak: true
        case .value: isMoney
        default: false
        }
      amounts[isMoney ? tenantCurrency : ""] = ReportModel.Amount(value: isZero ? .zero : nil)
    }
    let sorted = amounts.sorted {
      ($0.key == tenantCurrency ? 0 : 1, $0.key) < ($1.key == tenantCurrency ? 0 : 1, $1.key)
    }
    return ReportModel.Figure(
      name: spec.name, format: spec.format,
      amounts: sorted.map { currency, amount in
        var amount = amount
        if isMoney {
          amount.currency = currency.isEmpty ? tenantCurrency : currency
        } else if !currency.isEmpty {
          amount.currency = currency
        }
        return amount
      }, column: column, against: spec.against == .start ? spec.against.rawValue : nil, lead: lead)
  }

  private var column: String? {
    switch spec.source {
    case .value(let column): column
    case .peak(_, let take): take
    default: nil
    }
  }

  private func merge(
    _ currency: String, _ value: DecimalNumber?, _ previous: DecimalNumber?,
    _ combine: (DecimalNumber, DecimalNumber) throws -> DecimalNumber
  ) throws {
    var amount = amounts[currency] ?? ReportModel.Amount()
    do {
      if let value { amount.value = try amount.value.map { try combine($0, value) } ?? value }
      if let previous {
        amount.previous = try amount.previous.map { try $0 + previous } ?? previous
      }
    } catch is DecimalNumber.Overflow {
      throw Diagnostic(
        .data, "the figure '\(spec.name)' overflows (38 digits)", at: spec.place.subject)
    }
    amounts[currency] = amount
  }

  private func extendStreak(_ reader: TableReader) throws {
    guard let bytes = reader[valueIndex] else { return }
    guard let day = CivilDate(String(decoding: bytes, as: UTF8.self)) else {
      throw notA("valid date", reader, valueIndex)
    }
    if let last = lastDay {
      guard day >= last else {
        throw Diagnostic(
          .configuration, "the streak '\(spec.name)' needs a dataset that is ordered by day",
          at: spec.place.subject)
      }
      if day != last { run = day == last.adding(days: 1) ? run + 1 : 1 }
    } else {
      run = 1
    }
    lastDay = day
    let longest = max(DecimalNumber(run), amounts[""]?.value ?? .zero)
    amounts[""] = ReportModel.Amount(value: longest)
  }

  private func amount(_ reader: TableReader, at index: Int) throws -> ReportModel.Amount {
    guard let bytes = reader[index] else { return ReportModel.Amount() }
    switch spec.format {
    case .integer, .decimal, .money, .percent, .duration, .weekday, .hour:
      return ReportModel.Amount(value: try number(reader, index))
    case .date, .month:
      let text = String(decoding: bytes, as: UTF8.self)
      guard CivilDate(text) != nil || ReportInstant(text) != nil else {
        throw notA("valid date", reader, index)
      }
      return ReportModel.Amount(text: text)
    case .time, .text, .words, .term, .boolean, .link:
      return ReportModel.Amount(text: String(decoding: bytes, as: UTF8.self))
    }
  }

  private func number(_ reader: TableReader, _ index: Int) throws -> DecimalNumber? {
    guard let bytes = reader[index] else { return nil }
    guard let number = DecimalNumber(bytes: bytes) else { throw notA("number", reader, index) }
    return number
  }

  private func notA(_ what: String, _ reader: TableReader, _ index: Int) -> Diagnostic {
    reader.malformed("has a value that is not a \(what) in '\(reader.names[index])'")
      .filling(spec.place.subject)
  }
}
