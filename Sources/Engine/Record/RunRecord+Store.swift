package import Diagnostics
import Postgres
package import Store

// What the store's commands ask of the record.
extension RunRecord {
  /// The sequence of each partition's newest published head.
  package func sequences() throws(Diagnostic) -> [ReleasePartition: Int] {
    var sequences: [ReleasePartition: Int] = [:]
    for row in try connection.query(
      "SELECT slug, pipeline, period, sequence FROM yearbook.partition WHERE sequence IS NOT NULL")
    {
      let partition = ReleasePartition(
        tenant: try row.string("slug"), pipeline: try row.string("pipeline"),
        period: try row.string("period"))
      sequences[partition] = try row.int("sequence")
    }
    return sequences
  }

  /// Notes that a partition was withdrawn by this head.
  package func note(withdrawn head: Head, of partition: ReleasePartition) throws(Diagnostic) {
    try connection.query(
      """
      UPDATE yearbook.partition
      SET state = 'published', status = 'withdrawn', sequence = $4::bigint, warnings = '[]',
        changed = now()
      WHERE slug = $1 AND pipeline = $2 AND period = $3
        AND (status, sequence) IS DISTINCT FROM ('withdrawn', $4::bigint)
      """,
      [
        partition.tenant, partition.pipeline, partition.period, String(head.sequence),
      ])
  }

  /// A tenant by the slug under which it was last published.
  package func tenant(slug: String) throws(Diagnostic) -> ReleaseTenant? {
    let rows = try connection.query(
      "SELECT tenant_id::text AS id FROM yearbook.partition WHERE slug = $1 LIMIT 1", [slug])
    return try rows.first.map { row throws(Diagnostic) in
      ReleaseTenant(id: try row.string("id"), slug: slug, name: slug)
    }
  }

  /// Throws `busy` while any run is under way, for work that must not happen during publishing.
  package func refuseWhileRunning() throws(Diagnostic) {
    try markDeadRuns()
    let rows = try connection.query(
      "SELECT id FROM yearbook.run WHERE state = 'running' ORDER BY id LIMIT 1")
    if let row = rows.first {
      throw Diagnostic(
        .busy, "the run \(try row.string("id")) is under way",
        hint: "wait until it ends: yearbook status")
    }
  }

  /// Gives all rows of a tenant its new slug.
  package func renameTenant(from slug: String, to new: String) throws(Diagnostic) {
    for table in try tables(with: "slug") {
      try connection.query(
        "UPDATE yearbook.\(Quoting.identifier(table)) SET slug = $2 WHERE slug = $1", [slug, new])
    }
  }

  /// By tenant's id, the slugs under which its releases were published.
  func publishedSlugs() throws(Diagnostic) -> [String: Set<String>] {
    var slugs: [String: Set<String>] = [:]
    for row in try connection.query(
      "SELECT DISTINCT tenant_id::text AS id, slug FROM yearbook.partition WHERE release_id IS NOT NULL"
    ) { slugs[try row.string("id"), default: []].insert(try row.string("slug")) }
    return slugs
  }

  /// The ids of the tenants' people whose rows are never read.
  func erased(of tenants: [String]) throws(Diagnostic) -> [String] {
    var users: [String] = []
    for row in try connection.query(
      """
      SELECT DISTINCT user_id AS id FROM yearbook.erasure
      WHERE tenant_id = ANY ($1::uuid[]) ORDER BY 1
      """, ["{\(tenants.joined(separator: ","))}"])
    { users.append(try row.string("id")) }
    return users
  }

  func addErasure(tenant: String, user: String) throws(Diagnostic) {
    try connection.query(
      "INSERT INTO yearbook.erasure (tenant_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [tenant, user])
    // Nobody writes to them while the rest of the erasure is under way.
    _ = try delete("outbox", "tenant_id = $1 AND user_id = $2", [tenant, user])
  }

  /// Removes rows that can name a person: results, media, attempts, and the person's requests.
  ///
  /// - Returns: How many rows were removed.
  func forgetPerson(tenant: String, user: String) throws(Diagnostic) -> Int {
    var count = 0
    for table in ["result", "media", "sealed", "failure", "attempt", "kept", "extraction"] {
      count += try delete(table, "tenant_id = $1", [tenant])
    }
    for table in try tables(with: "user_id") where table != "erasure" {
      count += try delete(table, "tenant_id = $1 AND user_id::text = $2", [tenant, user])
    }
    return count
  }

  /// Removes every row of a tenant, and the arguments of runs that contain its slug.
  func forgetTenant(id: String, slug: String) throws(Diagnostic) -> Int {
    var count = 0
    for table in try tables(with: "tenant_id") {
      count += try delete(table, "tenant_id = $1", [id])
    }
    try connection.query(
      "UPDATE yearbook.run SET arguments = '' WHERE position($1 in arguments) > 0", [slug])
    return count
  }

  private func delete(
    _ table: String, _ condition: String, _ values: [String]
  ) throws(Diagnostic) -> Int {
    try connection.query(
      "WITH gone AS (DELETE FROM yearbook.\(Quoting.identifier(table)) WHERE \(condition) RETURNING 1)"
        + " SELECT count(*) AS count FROM gone", values.map(Optional.some)
    ).only().int("count")
  }

  private func tables(with column: String) throws(Diagnostic) -> [String] {
    var tables: [String] = []
    for row in try connection.query(
      """
      SELECT c.relname AS name FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = $1 AND NOT a.attisdropped
      WHERE c.relnamespace = 'yearbook'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
      """, [column])
    { tables.append(try row.string("name")) }
    return tables
  }
}

extension RunRecord {
  /// Removes what was made of somebody's data in between: it is made again when it is needed.
  ///
  /// - Returns: How many rows went.
  func forgetResults(tenant: String) throws(Diagnostic) -> Int {
    var count = 0
    for table in ["result", "kept", "extraction"] {
      count += try connection.query(
        "DELETE FROM yearbook.\(table) WHERE tenant_id = $1 RETURNING 1", [tenant]
      ).count
    }
    return count
  }
}
