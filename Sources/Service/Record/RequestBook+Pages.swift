import Diagnostics
import Postgres

/// What the pages for people show. The role reads the same columns as for the endpoints.
extension RequestBook {
  /// The requests of all tenants that an operator wants to know of.
  struct Overview: Sendable {
    /// Those that are made now, then those that wait, in the order in which they were asked for.
    var open: [ReportRow] = []
    /// Those that failed and were not asked for again since, the newest first.
    var failed: [ReportRow] = []
    /// Those that ended well, or were taken back, the newest first.
    var ended: [ReportRow] = []
    var running = 0
    var waiting = 0
  }

  /// How far back an overview looks, in rows. A record can have a million.
  private static let reach = 20_000
  /// How many rows of a kind an overview has at most.
  static let most = 50

  /// Where the requests of all tenants are.
  func overview() async throws -> Overview {
    try await pool.run { connection in
      func rows(_ condition: String) throws -> [ReportRow] {
        try connection.queryPrepared(
          Self.columns + " WHERE r.is_request AND \(condition) LIMIT \(Self.most)"
        ).map { row throws(Diagnostic) in try ReportRow(row) }
      }
      let recent = "r.id > (SELECT coalesce(max(id), 0) FROM yearbook.reports) - \(Self.reach)"
      var found = Overview()
      found.open = try rows(
        "r.status IN ('requested', 'running') ORDER BY r.status = 'requested', r.id")
      found.failed = try rows(
        """
        r.status = 'failed' AND \(recent) AND NOT EXISTS (SELECT FROM yearbook.reports later
          WHERE later.tenant_id = r.tenant_id AND later.report_type = r.report_type
            AND later.period IS NOT DISTINCT FROM r.period AND later.id > r.id
            AND later.is_request AND later.status <> 'cancelled')
        ORDER BY r.id DESC
        """)
      found.ended = try rows(
        "r.status IN ('published', 'withdrawn', 'cancelled') AND \(recent) ORDER BY r.id DESC")
      let counts = try connection.queryPrepared(
        """
        SELECT count(*) FILTER (WHERE status = 'running') AS running,
          count(*) FILTER (WHERE status = 'requested') AS waiting
        FROM yearbook.reports WHERE is_request AND status IN ('requested', 'running')
        """
      ).only()
      found.running = try counts.int("running")
      found.waiting = try counts.int("waiting")
      return found
    }
  }

  /// The newest report of each partition of a tenant, those published first at last.
  ///
  /// - Parameter before: only those with a smaller id.
  func publications(of tenant: String, before: Int?, count: Int) async throws -> [ReportRow] {
    try await pool.run { connection in
      try connection.queryPrepared(
        Self.columns + " WHERE r.tenant_id = $1::uuid AND NOT r.is_request AND r.id < $2::bigint"
          + " AND r.status IN ('published', 'withdrawn') ORDER BY r.id DESC LIMIT $3::int",
        [tenant, String(before ?? .max), String(count)]
      ).map { row throws(Diagnostic) in try ReportRow(row) }
    }
  }

  /// A tenant's newest requests, the newest first.
  func requests(of tenant: String, count: Int) async throws -> [ReportRow] {
    try await pool.run { connection in
      try connection.queryPrepared(
        Self.columns + " WHERE r.tenant_id = $1::uuid AND r.is_request"
          + " ORDER BY r.id DESC LIMIT $2::int", [tenant, String(count)]
      ).map { row throws(Diagnostic) in try ReportRow(row) }
    }
  }

  /// The tenants that the record knows, in the order of their ids.
  ///
  /// - Returns: their ids, and the folder that their newest report names.
  func tenants(most: Int) async throws -> [(id: String, slug: String?)] {
    try await pool.run { connection in
      // Steps from one tenant to the next by the index, whatever the number of their rows.
      try connection.queryPrepared(
        """
        WITH RECURSIVE step AS (
          (SELECT tenant_id FROM yearbook.reports ORDER BY tenant_id LIMIT 1)
          UNION ALL
          SELECT (SELECT r.tenant_id FROM yearbook.reports r WHERE r.tenant_id > step.tenant_id
            ORDER BY r.tenant_id LIMIT 1)
          FROM step WHERE step.tenant_id IS NOT NULL
        ), found AS (SELECT tenant_id FROM step WHERE tenant_id IS NOT NULL LIMIT $1::int)
        SELECT tenant_id::text AS id, (SELECT split_part(r.location, '/', 2)
          FROM yearbook.reports r WHERE r.tenant_id = found.tenant_id AND r.location IS NOT NULL
          ORDER BY r.id DESC LIMIT 1) AS slug
        FROM found
        """, [String(most)]
      ).map { (try $0.string("id"), try $0.optionalString("slug")) }
    }
  }

  /// The folders that the newest reports of some tenants name, by the tenants' ids.
  func slugs(of tenants: Set<String>) async throws -> [String: String] {
    if tenants.isEmpty { return [:] }
    return try await pool.run { connection in
      var slugs: [String: String] = [:]
      for row in try connection.queryPrepared(
        """
        SELECT t::text AS id, (SELECT split_part(r.location, '/', 2) FROM yearbook.reports r
          WHERE r.tenant_id = t AND r.location IS NOT NULL ORDER BY r.id DESC LIMIT 1) AS slug
        FROM unnest($1::uuid[]) AS t
        """, [Quoting.array(tenants.sorted())])
      {
        slugs[try row.string("id")] = try row.optionalString("slug")
      }
      return slugs
    }
  }
}
