import Diagnostics
import Postgres

/// A request of the platform: a row of `yearbook.reports`, or several rows that ask for the same.
struct ReportRequest: Sendable {
  /// The ids of the rows, the oldest first.
  var ids: [Int]
  var tenantID: String
  /// The pipeline's name in capitals.
  var type: String
  /// `nil` for the current period.
  var period: String?
  /// How often work on it began, this time included.
  var tries: Int

  /// `ANNUAL 2026`, for people.
  var label: String { "\(type) \(period ?? "now")" }
}

extension RunRecord {
  static let requestsChannel = "yearbook_requests"
  /// After this many workers died while they worked on it, a request fails.
  static let requestTries = 3

  /// Takes the next request, and all others that ask for the same. The next request is the oldest
  /// of the tenant that was served least in the last ten minutes.
  ///
  /// - Parameter worker: the advisory lock that this session holds. When the lock is gone, any
  ///   worker can take the request again.
  func takeRequest(worker: AdvisoryKey) throws -> ReportRequest? {
    try connection.transaction {
      // Only one worker chooses at a time, so that no two take the same request.
      try connection.query(
        "SELECT pg_catalog.pg_advisory_xact_lock($1)",
        [String(AdvisoryKey(["yearbook", "requests"]).value)])
      try freeAbandonedRequests()
      let next = try connection.query(
        """
        SELECT r.tenant_id, r.report_type, r.period FROM yearbook.reports r
        LEFT JOIN (
          SELECT tenant_id, count(DISTINCT started) AS served FROM yearbook.reports
          WHERE started > now() - interval '10 minutes' GROUP BY tenant_id
        ) s USING (tenant_id)
        -- Nothing is postponed by more than minutes: a later time is of a clock that was wrong.
        WHERE r.status = 'requested'
          AND (r.due IS NULL OR r.due <= now() OR r.due > now() + interval '1 hour')
          AND NOT EXISTS (
            SELECT FROM yearbook.reports o WHERE o.status = 'running' AND o.tenant_id = r.tenant_id
              AND o.report_type = r.report_type AND o.period IS NOT DISTINCT FROM r.period)
        ORDER BY coalesce(s.served, 0), r.id LIMIT 1 FOR UPDATE OF r SKIP LOCKED
        """
      ).first
      guard let next else { return nil }
      let request = ReportRequest(
        ids: [], tenantID: try next.string("tenant_id"), type: try next.string("report_type"),
        period: try next.optionalString("period"), tries: 0)
      return try begin(request, asking: request.period, worker: worker)
    }
  }

  /// The ids of the tenants with a request that waits.
  func tenantsOfRequests() throws(Diagnostic) -> Set<String> {
    var tenants: Set<String> = []
    for row in try connection.query(
      "SELECT DISTINCT tenant_id::text AS id FROM yearbook.reports WHERE status = 'requested'")
    {
      tenants.insert(try row.string("id"))
    }
    return tenants
  }

  /// Fails all waiting requests of these tenants.
  ///
  /// - Returns: How many.
  func refuseRequests(of tenants: Set<String>, _ error: String) throws(Diagnostic) -> Int {
    if tenants.isEmpty { return 0 }
    return try connection.query(
      """
      UPDATE yearbook.reports SET status = 'failed', error = $2, failure = $3, finished = now()
      WHERE status = 'requested' AND tenant_id = ANY ($1::uuid[]) RETURNING id
      """, [Quoting.array(tenants.sorted()), error, RequestFailure.tenant.rawValue]
    ).count
  }

  /// Sets the period of a request for the current period, and adds the requests that name it.
  func resolve(
    _ request: ReportRequest, period: String, worker: AdvisoryKey
  ) throws -> ReportRequest {
    guard request.period == nil else { return request }
    return try connection.transaction {
      try connection.query(
        "UPDATE yearbook.reports SET period = $2 WHERE id = ANY ($1::bigint[])",
        [Self.list(request.ids), period])
      var whole = request
      var others = request
      others.ids = []
      others = try begin(others, asking: period, worker: worker)
      whole.period = period
      whole.ids = (request.ids + others.ids).sorted()
      return whole
    }
  }

  private func begin(
    _ request: ReportRequest, asking period: String?, worker: AdvisoryKey
  ) throws(Diagnostic) -> ReportRequest {
    var begun = request
    for row in try connection.query(
      """
      UPDATE yearbook.reports SET status = 'running', worker = $4, started = now(), tries = tries + 1,
        due = NULL, error = NULL, failure = NULL
      WHERE id IN (
        SELECT id FROM yearbook.reports WHERE status = 'requested' AND tenant_id = $1
          AND report_type = $2 AND period IS NOT DISTINCT FROM $3 FOR UPDATE SKIP LOCKED)
      RETURNING id, tries
      """, [request.tenantID, request.type, period, String(worker.value)])
    {
      begun.ids.append(try row.int("id"))
      begun.tries = max(begun.tries, try row.int("tries"))
    }
    begun.ids.sort()
    return begun
  }

  /// Requests again what a dead worker worked on. After too many tries, the request fails.
  private func freeAbandonedRequests() throws(Diagnostic) {
    try connection.query(
      """
      UPDATE yearbook.reports r SET worker = NULL,
        status = CASE WHEN tries < $1 THEN 'requested' ELSE 'failed' END,
        finished = CASE WHEN tries < $1 THEN NULL ELSE now() END,
        error = CASE WHEN tries < $1 THEN NULL
          ELSE 'the work on it broke off ' || tries || ' times; ask again once the cause is fixed' END,
        failure = CASE WHEN tries < $1 THEN NULL ELSE $2 END
      WHERE status = 'running' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_locks l
        JOIN pg_catalog.pg_database d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
        WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted
          AND ((l.classid::bigint << 32) | l.objid::bigint) = r.worker)
      """, [String(Self.requestTries), RequestFailure.interrupted.rawValue])
  }

  /// How work on a request ended.
  enum RequestEnd: Sendable {
    case published(location: String)
    /// The text is for the operator, the word for who asked.
    case failed(String, RequestFailure)
    /// It is tried again, after this many seconds at the earliest.
    case postponed(seconds: Int)
    /// The worker was told to stop: it is requested again as if work had not begun.
    case givenBack
  }

  /// Records how the work ended. Rows that this worker lost with its session stay as they are.
  func end(
    _ request: ReportRequest, _ end: RequestEnd, worker: AdvisoryKey
  ) throws(Diagnostic) {
    let change: String
    var value: String?
    var failure: RequestFailure?
    switch end {
    case .published(let location):
      (change, value) = ("status = 'published', location = $3, finished = now()", location)
    case .failed(let error, let why):
      (change, value) = ("status = 'failed', error = $3, finished = now()", error)
      failure = why
    case .postponed(let seconds):
      change = "status = 'requested', due = now() + $3::int * interval '1 second'"
      value = String(seconds)
    case .givenBack:
      (change, value) = ("status = 'requested', tries = greatest(tries - $3::int, 0)", "1")
    }
    try connection.query(
      """
      UPDATE yearbook.reports SET worker = NULL, failure = $4, \(change)
      WHERE id = ANY ($1::bigint[]) AND status = 'running' AND worker = $2
      """, [Self.list(request.ids), String(worker.value), value, failure?.rawValue])
  }

  private static func list(_ ids: [Int]) -> String {
    "{" + ids.map(String.init).joined(separator: ",") + "}"
  }
}
