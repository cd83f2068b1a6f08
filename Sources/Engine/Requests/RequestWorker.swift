import Basics
package import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import Store

/// Takes the platform's requests (`yearbook.reports`) and serves them one after the other.
///
/// Any number of workers on any hosts can share one record. Each request is taken once, and work
/// that two requests have in common is done once.
package struct RequestWorker {
  /// What a worker reports.
  package enum Event: Sendable {
    /// Work began on this many rows that ask for the same.
    case began(tenant: String, label: String, rows: Int)
    case published(tenant: String, label: String, location: String, seconds: Double)
    case failed(tenant: String, label: String, error: String)
    /// Requests of tenants that the platform does not have failed, all at once.
    case refused(rows: Int, tenants: Int, error: String)
    /// It is tried again after this many seconds.
    case postponed(tenant: String, label: String, error: String, seconds: Int)
    /// The record does not answer. The worker tries again after this many seconds.
    case lost(Diagnostic, seconds: Double)
  }

  /// What a worker has done.
  package struct Counts: Sendable, Hashable {
    package var published = 0
    package var failed = 0
    package var postponed = 0
  }

  private let session: RunSession
  private let tell: (Event) -> Void
  /// Seconds after which the table is read again without a notification, for postponed requests and
  /// for those of dead workers.
  private static let interval = 30.0
  private static let unknownTenant = "there is no active tenant with this id"

  /// - Parameter tell: receives the worker's events, on the worker's thread.
  package init(_ session: RunSession, tell: @escaping (Event) -> Void) {
    self.session = session
    self.tell = tell
  }

  /// Works until it is told to stop; with `once`, until no request can be taken now.
  package func work(once: Bool) throws -> Counts {
    var counts = Counts()
    var failures = 0
    var since = Stopwatch()
    while !session.cancellation.isRequested {
      do {
        let desk = try RequestDesk(session.configuration.required(.record))
        while !session.cancellation.isRequested {
          while true {
            try refuseStrangers(desk, &counts)
            guard let request = try desk.take() else { break }
            try serve(request, desk, &counts)
            failures = 0
            if session.cancellation.isRequested { return counts }
          }
          if once { return counts }
          try wait(desk)
          failures = 0
        }
      } catch let error as Diagnostic where error.isTransient {
        if failures == 0 { since = Stopwatch() }
        failures += 1
        guard let pause = Backoff.database.pause(after: failures, since: since) else { throw error }
        tell(.lost(error, seconds: pause))
        do { try Backoff.sleep(pause, session.cancellation) } catch { return counts }
      }
    }
    return counts
  }

  /// Waits until a request is announced, the interval has passed, or the worker must stop.
  private func wait(_ desk: RequestDesk) throws {
    let waited = Stopwatch()
    while waited.seconds < Self.interval, !session.cancellation.isRequested {
      if try desk.isWoken(within: 250) { return }
    }
  }

  /// Fails all waiting requests of tenants that the platform does not have, before any other is
  /// taken. Otherwise each would have its turn before a real tenant's second request.
  ///
  /// The platform is asked only if a tenant waits that was not known the last time.
  private func refuseStrangers(_ desk: RequestDesk, _ counts: inout Counts) throws {
    let waiting = try desk.waitingTenants().subtracting(desk.known)
    if waiting.isEmpty { return }
    do {
      let names = Set(
        session.library.pipelines.filter { $0.scope == .tenant }.map(\.extract.source))
      let tenants = try names.map { try session.tenants(ofSource: $0) }
      desk.known = Set(
        tenants.flatMap { tenants in
          tenants.served.map(\.id) + tenants.faulty.map(\.tenant.id)
            + tenants.nameless.compactMap(\.subject.tenant)
        })
    } catch let error as Diagnostic
      where error.isTransient || [.unavailable, .configuration].contains(error.code)
    {
      // The request that is taken next meets the same failure, and says so.
      return
    }
    let strangers = waiting.subtracting(desk.known)
    let rows = try desk.refuse(strangers, Self.unknownTenant)
    if rows == 0 { return }
    counts.failed += rows
    tell(.refused(rows: rows, tenants: strangers.count, error: Self.unknownTenant))
  }

  private func serve(
    _ taken: ReportRequest, _ desk: RequestDesk, _ counts: inout Counts
  ) throws {
    let running = Stopwatch()
    var request = taken
    // The id of an unknown tenant can be reported as it is: it is a UUID.
    var tenant = request.tenantID
    let outcome: RunRecord.RequestEnd
    do {
      let target = try target(of: request)
      tenant = target.slug
      request = try desk.resolve(request, period: target.period.description)
      tell(.began(tenant: tenant, label: request.label, rows: request.ids.count))
      outcome = try run(target)
    } catch let unknown as Unknown {
      outcome = Self.failed(unknown.error, unknown.failure)
    } catch let error as Diagnostic where error.code == .interrupted {
      outcome = .givenBack
    } catch let error as Diagnostic {
      outcome = self.outcome(error, request)
    } catch let errors as Diagnostics where !errors.all.isEmpty {
      outcome = self.outcome(errors.all[0], request)
    }
    try desk.end(request, outcome)
    switch outcome {
    case .published(let location):
      counts.published += request.ids.count
      tell(
        .published(
          tenant: tenant, label: request.label, location: location,
          seconds: running.seconds))
    case .failed(let error, _):
      counts.failed += request.ids.count
      tell(.failed(tenant: tenant, label: request.label, error: error))
    case .postponed(let seconds):
      counts.postponed += request.ids.count
      tell(
        .postponed(
          tenant: tenant, label: request.label, error: "a temporary failure", seconds: seconds))
    case .givenBack: break
    }
  }

  /// A temporary failure is tried again later, twice. The requester reads any other failure.
  private func outcome(_ error: Diagnostic, _ request: ReportRequest) -> RunRecord.RequestEnd {
    if error.isTransient || error.code == .unavailable || error.code == .busy || error.code == .io,
      request.tries < RunRecord.requestTries
    {
      return .postponed(seconds: Int.random(in: 5...(15 << request.tries)))
    }
    return Self.failed(error, RequestFailure(error))
  }

  private static func failed(
    _ error: Diagnostic, _ failure: RequestFailure
  ) -> RunRecord.RequestEnd {
    .failed(error.hint.map { "\(error.message) (\($0))" } ?? error.message, failure)
  }

  /// A request for what does not exist, or no longer.
  private struct Unknown: Error {
    var failure: RequestFailure
    var error: Diagnostic
  }

  private struct Target {
    var pipeline: Pipeline
    var slug: String
    var period: Period
  }

  /// What a request asks for. Throws `Unknown` if the pipeline or the tenant does not exist,
  /// `usage` if the period does not.
  private func target(of request: ReportRequest) throws -> Target {
    let served = session.library.pipelines.filter { $0.scope == .tenant }
    guard let pipeline = served.first(where: { $0.name == request.type.lowercased() }) else {
      throw Unknown(
        failure: .report,
        error: Diagnostic(
          .usage, "there is no report of this type",
          hint: NearestWords.choice("use one of:", served.map { $0.name.uppercased() })))
    }
    let tenants = try session.tenants(ofSource: pipeline.extract.source)
    if let faulty = tenants.faulty.first(where: { $0.tenant.id == request.tenantID }) {
      throw faulty.fault
    }
    if let fault = tenants.nameless.first(where: { $0.subject.tenant == request.tenantID }) {
      throw fault
    }
    guard let tenant = tenants.served.first(where: { $0.id == request.tenantID }) else {
      throw Unknown(failure: .tenant, error: Diagnostic(.usage, Self.unknownTenant))
    }
    if let text = request.period {
      guard let period = Period(text) else {
        throw Diagnostic(
          .usage, "the period is not valid", hint: "write \(Period.forms)")
      }
      return Target(pipeline: pipeline, slug: tenant.slug, period: period)
    }
    guard let kind = pipeline.periods.first(where: Period.Kind.calendar.contains) else {
      throw Diagnostic(
        .usage, "this report is made for the days that a request names, and this one names none",
        hint: "write the period, such as 2026-03-01..2026-05-15")
    }
    return Target(
      pipeline: pipeline, slug: tenant.slug,
      period: Period(kind, containing: Self.now.day(in: tenant.zone)))
  }

  private static var now: RunMoment { .instant(Int64(Date().timeIntervalSince1970)) }

  private func run(_ target: Target) throws -> RunRecord.RequestEnd {
    var request = Planner.Request(name: target.pipeline.name, moment: Self.now)
    request.tenants = [target.slug]
    request.periods = [target.period.description]
    request.arguments = CommandText.line([
      "run", target.pipeline.name, "--tenant", target.slug, "--period", target.period.description,
    ])
    let summary = try session.run(request)
    if summary.wasInterrupted { return .givenBack }
    if let failure = summary.failures.first ?? summary.mirroring?.failures.first { throw failure }
    let store = try session.configuration.releaseStore(session.configuration.required(.store))
    let place = ReleasePartition(
      tenant: target.slug, pipeline: target.pipeline.name, period: target.period.description)
    guard let head = try store.latest(place) else {
      throw Diagnostic(.io, "the release that was just published is not in the store")
    }
    if head.isWithdrawn {
      throw Unknown(
        failure: .withdrawn,
        error: Diagnostic(
          .usage, "the operator has withdrawn this report",
          hint: "to publish it again: yearbook \(request.arguments) --force"))
    }
    return .published(location: "\(place.path)/releases/\(head.release)")
  }
}

/// A worker's session with the record.
private final class RequestDesk {
  private let record: RunRecord
  private let worker: AdvisoryKey
  /// The ids of the platform's active tenants, as they were read last.
  var known: Set<String> = []

  init(_ conninfo: String) throws {
    record = try RunRecord(conninfo)
    worker = AdvisoryKey(["yearbook", "requests", "\(UInt64.random(in: 0 ... .max))"])
    // A host whose network is cut loses its session, and its requests with it, within 25 s.
    try record.connection.execute(
      "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3")
    guard try record.connection.tryLock(worker) else {
      throw Diagnostic(.bug, "another process holds the lock of this new worker")
    }
    // Listen before the table is read for the first time, so that no request is missed.
    try record.connection.listen(RunRecord.requestsChannel)
  }

  func waitingTenants() throws -> Set<String> { try record.tenantsOfRequests() }

  func refuse(_ tenants: Set<String>, _ error: String) throws -> Int {
    try record.refuseRequests(of: tenants, error)
  }

  func take() throws -> ReportRequest? { try record.takeRequest(worker: worker) }

  func resolve(_ request: ReportRequest, period: String) throws -> ReportRequest {
    try record.resolve(request, period: period, worker: worker)
  }

  func end(_ request: ReportRequest, _ end: RunRecord.RequestEnd) throws {
    try record.end(request, end, worker: worker)
  }

  func isWoken(within milliseconds: Int) throws -> Bool {
    try !record.connection.notifications(waiting: milliseconds).isEmpty
  }
}
