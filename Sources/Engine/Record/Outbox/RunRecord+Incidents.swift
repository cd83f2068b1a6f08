import Delivery
package import Diagnostics
import Postgres

extension RunRecord {
  /// A time in which a destination takes no messages.
  package struct Incident: Sendable {
    package var channel: String
    package var destination: String
    package var problem: String
    /// As PostgreSQL prints it.
    package var opened: String
    /// How many messages wait for it.
    package var waiting: Int
  }

  /// The incidents that are not over.
  package func openIncidents() throws(Diagnostic) -> [Incident] {
    var incidents: [Incident] = []
    for row in try connection.query(
      """
      SELECT i.channel, i.destination, i.problem, i.opened, (SELECT count(*) FROM yearbook.outbox o
        WHERE o.channel = i.channel AND o.state IN \(Self.open)) AS waiting
      FROM yearbook.incident i WHERE i.closed IS NULL ORDER BY i.id
      """)
    {
      incidents.append(
        Incident(
          channel: try row.string("channel"), destination: try row.string("destination"),
          problem: try row.string("problem"), opened: try row.string("opened"),
          waiting: try row.int("waiting")))
    }
    return incidents
  }

  /// A failure of a destination.
  struct Failing {
    var channel: String
    var destination: String
    var problem: String
    /// Whether this message was the one that tried. What was under way when others opened the
    /// breaker is known.
    var isProbe = false
    /// Seconds that the other side asks for.
    var asked: Int?
  }

  /// Counts a failure of a destination. After several in a row its breaker opens: for a pause it
  /// gets no message, then one that tries. With each that fails the pause doubles.
  ///
  /// The caller is in the transaction in which the operator is told.
  ///
  /// - Returns: Whether the breaker is open, and whether an incident began now. That is recorded
  ///   once, however many messages fail.
  func fail(
    _ failing: Failing, _ breaker: ChannelSettings.Breaker
  ) throws(Diagnostic) -> (isOpen: Bool, isNew: Bool) {
    let key = [failing.channel, failing.destination]
    let row = try connection.queryPrepared(
      """
      INSERT INTO yearbook.destination AS d (channel, name, failures, opened, trips, probe)
      SELECT $1, $2, 1, CASE WHEN $3 <= 1 THEN now() END, ($3 <= 1)::integer,
        CASE WHEN $3 <= 1 THEN now() + greatest($4::float8, $7::float8) * interval '1 second' END
      ON CONFLICT (channel, name) DO UPDATE SET failures = d.failures + 1,
        opened = CASE WHEN d.failures + 1 >= $3 THEN coalesce(d.opened, now()) ELSE d.opened END,
        trips = CASE WHEN d.failures + 1 < $3 OR d.probe > now() AND NOT $6::boolean
          THEN d.trips ELSE d.trips + 1 END,
        probe = CASE WHEN d.failures + 1 < $3 OR d.probe > now() AND NOT $6::boolean THEN d.probe
          -- At least half of the pause, so that two hosts do not try at the same time.
          ELSE now() + greatest($7::float8, least($5::float8, $4::float8 * power(2, least(d.trips, 10)))
            * (0.5 + random() / 2)) * interval '1 second' END
      RETURNING opened IS NOT NULL AS is_open
      """,
      key + [
        String(breaker.failures), String(breaker.first), String(breaker.most),
        failing.isProbe ? "t" : "f", String(failing.asked ?? 0),
      ]
    ).only()
    guard try row.bool("is_open") else { return (false, false) }
    let isNew =
      try connection.queryPrepared(
        """
        INSERT INTO yearbook.incident (channel, destination, problem) VALUES ($1, $2, $3)
        ON CONFLICT DO NOTHING
        """, key + [failing.problem]
      ).affected == 1
    return (true, isNew)
  }

  /// Whether a destination's breaker is open.
  func isOpen(_ channel: String, _ destination: String) throws(Diagnostic) -> Bool {
    try !connection.queryPrepared(
      "SELECT FROM yearbook.destination WHERE channel = $1 AND name = $2 AND opened IS NOT NULL",
      [channel, destination]
    ).isEmpty
  }

  /// Asks whether a message may try a destination whose breaker is open. Of all workers together
  /// one gets a yes; if it is killed, another one does a minute later.
  func probe(_ channel: String, _ destination: String) throws(Diagnostic) -> Bool {
    try connection.queryPrepared(
      """
      UPDATE yearbook.destination SET probe = clock_timestamp() + interval '60 seconds'
      WHERE channel = $1 AND name = $2 AND opened IS NOT NULL AND probe <= clock_timestamp()
      """, [channel, destination]
    ).affected == 1
  }

  /// Notes that a destination took a message. That closes its breaker and ends its incident.
  ///
  /// - Returns: Whether an incident ended now.
  func recover(_ channel: String, _ destination: String) throws(Diagnostic) -> Bool {
    try connection.queryPrepared(
      """
      WITH closed AS (
        UPDATE yearbook.destination SET failures = 0, opened = NULL, trips = 0, probe = NULL
        WHERE channel = $1 AND name = $2 AND (failures > 0 OR opened IS NOT NULL) RETURNING 1
      ), freed AS (
        UPDATE yearbook.outbox SET not_before = now()
        WHERE channel = $1 AND destination = $2 AND state = 'pending' AND not_before > now()
          AND EXISTS (SELECT FROM closed)
      )
      UPDATE yearbook.incident SET closed = now()
      WHERE channel = $1 AND destination = $2 AND closed IS NULL AND EXISTS (SELECT FROM closed)
      """, [channel, destination]
    ).affected == 1
  }
}

extension RunRecord {
  /// The tenants with the most partitions that a run published last, by slug.
  func tenantsPublished(
    by run: String, most: Int
  ) throws(Diagnostic) -> [(slug: String, count: Int)] {
    try connection.query(
      """
      SELECT slug, count(*) AS count FROM yearbook.partition
      WHERE run_id = $1 AND state = 'published' AND release_id IS NOT NULL
      GROUP BY slug ORDER BY count(*) DESC, slug COLLATE "C" LIMIT $2
      """, [run, String(most)]
    ).map { row throws(Diagnostic) in (try row.string("slug"), try row.int("count")) }
  }
}
