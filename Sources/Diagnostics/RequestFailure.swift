/// Why a request for a report failed, as one word in the record. Who asked hears it in their own
/// language. The text beside it in the record is the operator's: it can have names and commands.
package enum RequestFailure: String, Sendable, Hashable, CaseIterable {
  /// The platform has no active tenant with this id.
  case tenant
  /// There is no report of this name.
  case report
  /// The report cannot be made for this period.
  case period
  /// The operator has withdrawn the report.
  case withdrawn
  /// The platform's rows or files are not what they must be.
  case data
  /// Something that the report needs did not answer, or had no room.
  case unavailable
  /// The work on it broke off too often.
  case interrupted
  /// A fault of the configuration or of the program.
  case fault

  /// The word for a failure of the work itself.
  package init(_ failure: Diagnostic) {
    // The planner alone throws `usage` where tenant and report are known: for the period.
    if failure.code == .usage {
      self = .period
    } else if failure.code == .data {
      self = .data
    } else if failure.isTransient || [.unavailable, .busy, .io].contains(failure.code) {
      self = .unavailable
    } else {
      self = .fault
    }
  }
}
