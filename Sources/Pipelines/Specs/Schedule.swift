package import Basics

/// A checked schedule file: which pipelines run, for which tenants and periods.
package struct Schedule: Sendable {
  /// One pipeline of the schedule.
  package struct Entry: Sendable {
    package var pipeline: String
    package var periods: [PeriodSelector]
    /// Pipelines whose failure for a tenant stops this one for that tenant.
    package var needs: [String]

    package init(pipeline: String, periods: [PeriodSelector], needs: [String]) {
      self.pipeline = pipeline
      self.periods = periods
      self.needs = needs
    }
  }

  package var name: String
  package var file: String
  /// In the order in which they run for each tenant.
  package var entries: [Entry]
  /// For how many days after its end a period is run again, even if it is final.
  package var graceDays: Int
  /// The time zone of the active tenants that it is for; `nil` if it is for all.
  package var zone: String?
  /// `HH:MM`, the time of day in `zone`, or else of the operator's day, at which its run must have
  /// ended; `nil` without one.
  package var due: String?

  /// The days of grace of a schedule that does not set them.
  package static let defaultGraceDays = 10
}

/// A word of a schedule that stands for periods, relative to the day of the run.
package enum PeriodSelector: Hashable, Sendable {
  /// `this-year`: the period that contains the day.
  case current(Period.Kind)
  /// `closing-years`: the previous period, until it is final and its grace is over, and those
  /// before it whose grace is not over.
  case closing(Period.Kind)
  /// `last-year`: always the previous period.
  case last(Period.Kind)
  /// `2026-11`
  case fixed(Period)

  package static let words = Period.Kind.calendar.flatMap {
    ["this-\($0.rawValue)", "last-\($0.rawValue)", "closing-\($0.rawValue)s"]
  }

  /// Reads a word such as `this-year`, or a period; `nil` for anything else.
  package init?(_ text: String) {
    for kind in Period.Kind.calendar {
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

  package var kind: Period.Kind {
    switch self {
    case .current(let kind), .closing(let kind), .last(let kind): kind
    case .fixed(let period): period.kind
    }
  }

  /// The periods on `day`. `isFinal` says whether a period has a release that was made for its end.
  package func periods<Failure: Error>(
    on day: CivilDate, graceDays: Int, isFinal: (Period) throws(Failure) -> Bool
  ) throws(Failure) -> [Period] {
    switch self {
    case .current(let kind): return [Period(kind, containing: day)]
    case .last(let kind): return [Period(kind, containing: day).previous]
    case .fixed(let period): return [period]
    case .closing(let kind):
      var period = Period(kind, containing: day).previous
      guard day < period.end.adding(days: graceDays) else {
        return try isFinal(period) ? [] : [period]
      }
      // Ten days of grace hold two weeks.
      var periods: [Period] = []
      while day < period.end.adding(days: graceDays) {
        periods.append(period)
        period = period.previous
      }
      return periods
    }
  }
}
