import Basics
import Delivery
import Diagnostics
import Pipelines
import Postgres
import Store

extension RunRecord {
  /// What the record knows of releases, before a publication is recorded.
  struct KnownRelease {
    var release: String?
    var status: String?
  }

  /// The recorded releases of partitions. Their claims are held, so nobody changes them.
  func knownReleases(
    of partitions: [PartitionKey]
  ) throws(Diagnostic) -> [PartitionKey: KnownRelease] {
    var known: [PartitionKey: KnownRelease] = [:]
    for row in try connection.queryPrepared(
      """
      SELECT tenant_id, pipeline, period, release_id, status
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      JOIN yearbook.partition ON tenant_id = t AND pipeline = p AND period = d
      """, partitions.arrays)
    {
      known[try row.partitionKey()] = KnownRelease(
        release: try row.optionalString("release_id"), status: try row.optionalString("status"))
    }
    return known
  }

  /// Those of these runs that this record knows. A release of another run is not news: the record
  /// was lost, or comes from a backup.
  func known(runs: Set<String>) throws(Diagnostic) -> Set<String> {
    if runs.isEmpty { return [] }
    var known: Set<String> = []
    for row in try connection.query(
      "SELECT id FROM yearbook.run WHERE id = ANY ($1::text[])", [Quoting.array(runs.sorted())])
    {
      known.insert(try row.string("id"))
    }
    return known
  }

  /// Forgets what is known of partitions' rows, so that the next run reads them.
  func forgetExtractions(of partitions: [PartitionKey]) throws(Diagnostic) {
    if partitions.isEmpty { return }
    try connection.query(
      """
      DELETE FROM yearbook.extraction e USING unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      WHERE e.tenant_id = t AND e.pipeline = p AND e.period = d
      """, partitions.arrays)
  }

  /// Queues messages. One that was queued before, whatever became of it, is not queued again.
  ///
  /// - Returns: How many are new.
  @discardableResult
  func queue(_ announcements: [Announcement]) throws(Diagnostic) -> Int {
    if announcements.isEmpty { return 0 }
    let tellings = try tellings(announcements)
    let places = OutboxEntry.Place.all(announcements)
    let parts = places.parts(of: 5_000)
    func parameters(_ part: ArraySlice<OutboxEntry.Place>) -> [String?] {
      OutboxEntry.parameters(
        part.map { OutboxEntry($0, announcements[$0.announcement], tellings[$0.announcement]) })
    }
    var next = parts.first.map(parameters)
    var count = 0
    for following in parts.indices.map({ $0 + 1 }) {
      guard let now = next else { break }
      // The next part is made while the server inserts this one.
      let (rows, made) = try connection.queryPrepared(Self.insertion, now) {
        following < parts.count ? parameters(parts[following]) : nil
      }
      count += rows.affected
      next = made
    }
    return count
  }

  private static let insertion = """
    INSERT INTO yearbook.outbox
      (key, said, telling, tenant_id, channel, recipient, address, name, locale, user_id, content,
      zone, not_before)
    SELECT decode(k, 'hex'), decode(s, 'hex'), g, y.tenant_id, y.channel, decode(r, 'hex'), a, n, l, u, c::jsonb, z.name,
      CASE WHEN y.is_digest THEN
        -- The day's messages leave together when it is over where the recipient is.
        now() + (date_trunc('day', z.at) + interval '1 day' - z.at) ELSE now() END
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
      $8::text[], $9::text[], $10::text[]) AS u (k, s, g, r, a, n, l, u, c, w)
    JOIN yearbook.telling y ON y.id = g
    CROSS JOIN LATERAL (SELECT CASE WHEN w IS NOT NULL THEN yearbook.known_zone(w) END AS name) v
    CROSS JOIN LATERAL (SELECT v.name,
      CASE WHEN y.is_digest THEN yearbook.time_in(coalesce(v.name, y.zone), now()) END AS at) z
    ON CONFLICT (said) DO NOTHING
    """

  /// The ids of the rows of `yearbook.telling`, in the order of the announcements.
  private func tellings(_ announcements: [Announcement]) throws(Diagnostic) -> [Int] {
    var ids: [Int] = []
    for one in announcements {
      let row = try connection.queryPrepared(
        """
        INSERT INTO yearbook.telling (tenant_id, slug, tenant_name, zone, pipeline, period, message,
          event, payload, release_id, channel, template, opens, closes, is_digest)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
          make_interval(mins => $13::integer)::time, make_interval(mins => $14::integer)::time, $15)
        ON CONFLICT (tenant_id, pipeline, period, message, event, payload) DO UPDATE SET
          slug = excluded.slug, tenant_name = excluded.tenant_name, zone = excluded.zone,
          release_id = excluded.release_id, channel = excluded.channel, template = excluded.template,
          opens = excluded.opens, closes = excluded.closes, is_digest = excluded.is_digest
        RETURNING id
        """,
        [
          one.tenant.id, one.tenant.slug, one.tenant.name, one.tenant.timeZone, one.pipeline,
          one.period, one.message, one.event, one.payload.map { "\\x" + $0.hex } ?? "", one.release,
          one.channel, one.template, one.hours.map { String($0.start) },
          one.hours.map { String($0.end) }, one.isDigest ? "t" : "f",
        ]
      ).only()
      ids.append(try row.int("id"))
    }
    return ids
  }
}
