import Diagnostics
import Postgres

/// A request, or a report that nobody asked for: a row of `yearbook.reports`.
struct ReportRow: Sendable, Equatable {
  /// Where a request is.
  enum State: String, Sendable, CaseIterable {
    case requested, running, published, failed, withdrawn, cancelled

    /// Whether it can still change by itself.
    var isOpen: Bool { self == .requested || self == .running }
  }

  var id: Int
  /// A UUID in lower case.
  var tenant: String
  /// The pipeline's name.
  var report: String
  var period: String?
  var state: State
  /// The release's folder, below the store's root.
  var location: String?
  /// Why it failed; `nil` if it did not, and in rows that are older than this word.
  var failure: RequestFailure?
  var isRequest: Bool
  /// Seconds since 1970.
  var asked: Int
  var started: Int?
  var finished: Int?
  /// How many requests of the same tenant wait before it.
  var ahead: Int?

  init(_ row: Row) throws(Diagnostic) {
    id = try row.int("id")
    tenant = try row.string("tenant")
    report = try row.string("report")
    period = try row.optionalString("period")
    let word = try row.string("status")
    guard let state = State(rawValue: word) else {
      throw Diagnostic(.bug, "the record holds a request with an unknown status")
    }
    self.state = state
    failure = try row.optionalString("failure").flatMap(RequestFailure.init)
    isRequest = try row.bool("is_request")
    asked = try row.int("asked")
    started = try row.optionalInt("began")
    finished = try row.optionalInt("ended")
    ahead = try row.optionalInt("ahead")
    location = Self.location(try row.optionalString("location"), try row.optionalString("newest"))
  }

  /// The release's folder under the tenant's slug of today: a tenant can be renamed, and then the
  /// newest location alone has the new slug.
  static func location(_ own: String?, _ newest: String?) -> String? {
    guard let own, let newest else { return own }
    var parts = own.split(separator: "/", omittingEmptySubsequences: false)
    let other = newest.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 6, other.count == 6 else { return own }
    parts[1] = other[1]
    return parts.joined(separator: "/")
  }
}
