/// A checked schedule file: which pipelines run, for which tenants and periods.
public struct Schedule: Sendable {
  public struct Entry: Sendable {
    public var pipeline: String
    public var periods: [PeriodSelector]
    /// Pipelines whose failure for a tenant stops this one for that tenant.
    public var needs: [String]

    public init(pipeline: String, periods: [PeriodSelector], needs: [String]) {
      self.pipeline = pipeline
      self.periods = periods
      self.needs = needs
    }
  }

  public var name: String
  public var file: String
  /// In the order they run for each tenant.
  public var entries: [Entry]
  /// Days after its end for which a final period is run again.
  public var graceDays: Int

  /// Days of grace where a schedule does not say.
  public static let defaultGraceDays = 10
}

/// A word of a schedule that stands for periods, seen from the day of the run.
public enum PeriodSelector: Hashable, Sendable {
  /// `this-year`: the one that holds the day.
  case current(Period.Kind)
  /// `closing-years`: the one before, until it is final and its grace is over.
  case closing(Period.Kind)
  /// `last-year`: the one before, always.
  case last(Period.Kind)
  /// `2026-11`
  case fixed(Period)

  public static let words = Period.Kind.allCases.flatMap {
    ["this-\($0.rawValue)", "last-\($0.rawValue)", "closing-\($0.rawValue)s"]
  }

  public init?(_ text: String) {
    for kind in Period.Kind.allCases {
      switch text {
      case "this-\(kind.rawValue)": self = .current(kind)
      case "last-\(kind.rawValue)": self = .last(kind)
      case "closing-\(kind.rawValue)s": self = .closing(kind)
      default: continue
      }
      return
    }
    guard let period = Period(text) else { return nil }
    self = .fixed(period)
  }

  public var kind: Period.Kind {
    switch self {
    case .current(let kind), .closing(let kind), .last(let kind): kind
    case .fixed(let period): period.kind
    }
  }

  /// The periods meant on `day`. `isFinal` tells whether a period has a release made at its end.
  public func periods<Failure: Error>(
    on day: CivilDate, graceDays: Int, isFinal: (Period) throws(Failure) -> Bool
  ) throws(Failure) -> [Period] {
    switch self {
    case .current(let kind): return [Period(kind, containing: day)]
    case .last(let kind): return [Period(kind, containing: day).previous]
    case .fixed(let period): return [period]
    case .closing(let kind):
      let period = Period(kind, containing: day).previous
      if day < period.end.adding(days: graceDays) { return [period] }
      return try isFinal(period) ? [] : [period]
    }
  }
}
