import Basics
import Diagnostics
import Postgres

/// All SQL of the service: it inserts and reads requests, and cancels one that waits. Its role can
/// do nothing else.
struct RequestBook: Sendable {
  /// What a caller asks for.
  struct Asked: Sendable {
    var tenant: String
    /// The pipeline's name.
    var report: String
    var period: String?
    /// A UUID.
    var user: String?
    /// The digest of the `Idempotency-Key` and of who sent it.
    var key: SHA256Digest?

    /// The digest of what is asked for.
    var digest: SHA256Digest {
      let parts = [tenant, report, period ?? "", user ?? ""]
      return SHA256Digest(of: parts.map { "\($0.utf8.count):\($0)" }.joined().utf8)
    }
  }

  enum Outcome: Sendable, Equatable {
    /// `isNew`: it was not asked for before under the same key.
    case asked(Int, isNew: Bool)
    /// As many requests of the tenant wait as can.
    case full
    /// The key was used for another request.
    case otherRequest
  }

  let pool: RecordPool

  /// Writes a request, once for each key.
  ///
  /// - Parameter most: how many requests of one tenant can be open at once.
  func ask(_ asked: Asked, most: Int) async throws -> Outcome {
    try await pool.run(isRead: false) { connection -> Outcome in
      try connection.transaction { () -> Outcome in
        // Requests of one tenant are counted and written one after the other.
        try connection.queryPrepared(
          "SELECT pg_catalog.pg_advisory_xact_lock($1)",
          [String(AdvisoryKey(["yearbook", "ask", asked.tenant]).value)])
        if let key = asked.key,
          let known = try connection.queryPrepared(
            "SELECT id, request_digest = $3::bytea AS is_same FROM yearbook.reports"
              + " WHERE tenant_id = $1::uuid AND request_key = $2::bytea",
            [asked.tenant, "\\x" + key.hex, "\\x" + asked.digest.hex]
          ).first
        {
          guard try known.optionalBool("is_same") == true else { return .otherRequest }
          return .asked(try known.int("id"), isNew: false)
        }
        let made = try connection.queryPrepared(
          """
          INSERT INTO yearbook.reports
            (tenant_id, user_id, report_type, period, request_key, request_digest)
          SELECT $1::uuid, $2::uuid, upper($3), $4, $5::bytea, $6::bytea
          WHERE (SELECT count(*) FROM yearbook.reports WHERE tenant_id = $1::uuid AND is_request
            AND status IN ('requested', 'running')) < $7::int
          RETURNING id
          """,
          [
            asked.tenant, asked.user, asked.report, asked.period, asked.key.map { "\\x" + $0.hex },
            asked.key.map { _ in "\\x" + asked.digest.hex }, String(most),
          ])
        guard let row = made.first else { return .full }
        return .asked(try row.int("id"), isNew: true)
      }
    }
  }

  static let columns = """
    SELECT r.id, r.tenant_id::text AS tenant, lower(r.report_type) AS report, r.period, r.status,
      r.location, r.failure, r.is_request, n.location AS newest,
      extract(epoch FROM r.created_date)::bigint AS asked,
      extract(epoch FROM r.started)::bigint AS began,
      extract(epoch FROM r.finished)::bigint AS ended,
      CASE WHEN r.status = 'requested' THEN (SELECT count(*) FROM yearbook.reports w
        WHERE w.tenant_id = r.tenant_id AND w.status = 'requested' AND w.id < r.id) END AS ahead
    FROM yearbook.reports r
    LEFT JOIN yearbook.reports n ON NOT n.is_request AND n.tenant_id = r.tenant_id
      AND n.report_type = r.report_type AND n.period = r.period
    """

  /// One request; `nil` if there is none, or if it is another tenant's.
  ///
  /// - Parameter tenant: whose it must be; `nil` for an operator, who reaches all.
  func report(_ id: Int, of tenant: String?) async throws -> ReportRow? {
    try await pool.run { connection in
      let rows = try connection.queryPrepared(
        Self.columns + " WHERE r.id = $1::bigint AND ($2::uuid IS NULL OR r.tenant_id = $2::uuid)",
        [String(id), tenant])
      return try rows.first.map { row throws(Diagnostic) in try ReportRow(row) }
    }
  }

  /// A tenant's requests and reports, the newest first.
  ///
  /// - Parameter before: only those with a smaller id.
  func reports(of tenant: String, before: Int?, count: Int) async throws -> [ReportRow] {
    try await pool.run { connection in
      try connection.queryPrepared(
        Self.columns + " WHERE r.tenant_id = $1::uuid AND r.id < $2::bigint"
          + " ORDER BY r.id DESC LIMIT $3::int",
        [tenant, String(before ?? .max), String(count)]
      ).map { row throws(Diagnostic) in try ReportRow(row) }
    }
  }

  /// Cancels a request that waits.
  ///
  /// - Returns: where it is afterwards; `nil` if the tenant has no such request.
  func cancel(_ id: Int, of tenant: String) async throws -> ReportRow.State? {
    try await pool.run(isRead: false) { connection in
      let row = try connection.queryPrepared(
        "SELECT yearbook.cancel_request($1::bigint, $2::uuid) AS status", [String(id), tenant]
      ).only()
      return try row.optionalString("status").flatMap(ReportRow.State.init)
    }
  }

  /// Where several requests are.
  func states(_ ids: [Int]) async throws -> [Int: ReportRow.State] {
    try await pool.run { connection in
      var states: [Int: ReportRow.State] = [:]
      for row in try connection.queryPrepared(
        "SELECT id, status FROM yearbook.reports WHERE id = ANY ($1::bigint[])",
        [Quoting.array(ids.map { String($0) })])
      {
        states[try row.int("id")] = ReportRow.State(rawValue: try row.string("status"))
      }
      return states
    }
  }

  /// Whether the record answers, and has what the service needs.
  func isReady() async -> Bool {
    do {
      return try await pool.run { connection in
        try connection.query(
          // A record that an older program made has no such column, which is an error.
          "SELECT has_function_privilege('yearbook.cancel_request(bigint, uuid)', 'EXECUTE')"
            + " AND has_column_privilege('yearbook.reports', 'failure', 'SELECT') AS is_ready"
        ).only().bool("is_ready")
      }
    } catch {
      return false
    }
  }
}
