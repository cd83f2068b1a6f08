import Foundation
import Postgres
import TestSupport

/// A source `club` whose rows lie in several databases, and again in one that has them all.
struct ShardScene {
  let here: Installation
  let shards: [TestDatabase]
  let whole: TestDatabase

  /// Calls `body` with a scene of four shards that is removed afterwards.
  static func with(_ body: (ShardScene) throws -> Void) throws {
    try Installation.with { here in
      let databases = try (0..<5).map { _ in try TestDatabase() }
      let outcome = Result {
        try body(
          ShardScene(here: here, shards: Array(databases.dropLast()), whole: databases[4]))
      }
      for database in databases { try database.drop() }
      try outcome.get()
    }
  }

  private init(here: Installation, shards: [TestDatabase], whole: TestDatabase) throws {
    (self.here, self.shards, self.whole) = (here, shards, whole)
    for database in shards + [whole] {
      try database.connect().execute(
        """
        CREATE SCHEMA club;
        CREATE TABLE club.member (code text PRIMARY KEY, tz text NOT NULL);
        CREATE TABLE club.visit (id bigint PRIMARY KEY, who text NOT NULL REFERENCES club.member (code),
          guest text NOT NULL, at timestamptz NOT NULL, fee numeric NOT NULL, note text);
        GRANT USAGE ON SCHEMA club TO yearbook_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA club TO yearbook_reader
        """)
    }
    try here.write(
      "pipelines/sources/club/tenants.sql",
      """
      SELECT code AS id, 'club-' || code AS slug, code AS name, tz AS time_zone, 'en' AS locale,
        'EUR' AS currency, 'active' AS status
      FROM member
      """)
    try here.write(
      "pipelines/visits/pipeline.yaml",
      """
      name: visits
      period: year
      title: Visits
      extract:
        source: club
        queries:
          visits: {order: [fee desc, guest, id]}
          months: {order: [month], combine: months_of_all.sql}
          totals: {order: [], key: [id], combine: totals_of_all.sql}
      aggregate:
        figures:
          visits: {from: totals, value: visits}
          guests: {from: totals, value: guests}
          median: {from: totals, value: median, format: decimal}
        tables:
          visits: {from: visits, publish: visits, columns: {fee: text, guest: text, note: text}}
          months: {from: months, publish: months, columns: {month: text, visits: text, fees: text}}
      """)
    let period = "v.who = p.tenant_id AND v.at >= p.starts_at AND v.at < p.cutoff_at"
    try here.write(
      "pipelines/visits/visits.sql",
      "SELECT p.tenant_id, v.fee, v.guest, v.id, v.note FROM partition p JOIN visit v ON \(period)\n"
    )
    try here.write(
      "pipelines/visits/months.sql",
      """
      SELECT p.tenant_id, date_trunc('month', v.at AT TIME ZONE p.time_zone)::date AS month,
        count(*) AS visits, sum(v.fee) AS fees
      FROM partition p JOIN visit v ON \(period) GROUP BY p.tenant_id, 2
      """)
    try here.write(
      "pipelines/visits/months_of_all.sql",
      "SELECT month, sum(visits)::bigint AS visits, sum(fees) AS fees FROM months GROUP BY month\n")
    try here.write(
      "pipelines/visits/totals.sql",
      "SELECT p.tenant_id, v.id, v.guest, v.fee FROM partition p JOIN visit v ON \(period)\n")
    try here.write(
      "pipelines/visits/totals_of_all.sql",
      """
      SELECT count(*) AS visits, count(DISTINCT guest) AS guests,
        percentile_disc(0.5) WITHIN GROUP (ORDER BY fee) AS median
      FROM totals
      """)
    for locale in ["en", "pt-BR", "es"] {
      let file = "templates/messages/\(locale).yaml"
      let text = try String(contentsOfFile: "\(here.folder)/\(file)", encoding: .utf8)
      try here.write(
        file,
        text + """

          visits:
            figures: {visits: Visits, guests: Guests, median: Median}
            columns: {fee: Fee, guest: Guest, note: Note, month: Month, visits: Visits, fees: Fees}
            tables: {visits: Visits, months: Months}

          """)
    }
  }

  /// Adds a tenant to these shards, numbered from 1, and to the whole.
  func addMember(_ code: String, on numbers: [Int] = [1, 2, 3, 4]) throws {
    for database in numbers.map({ shards[$0 - 1] }) + [whole] {
      try database.connect().query(
        "INSERT INTO club.member VALUES ($1, 'America/Sao_Paulo')", [code])
    }
  }

  /// Adds rows of a tenant; row N goes to the shard that `place` says.
  func addVisits(_ code: String, _ count: Int, from first: Int, place: (Int) -> Int) throws {
    for number in 1...shards.count {
      let ids = (first..<(first + count)).filter { place($0) == number }
      try Self.add(ids, of: code, to: shards[number - 1])
    }
    try Self.add(Array(first..<(first + count)), of: code, to: whole)
  }

  static func add(_ ids: [Int], of code: String, to database: TestDatabase) throws {
    try database.connect().query(
      """
      INSERT INTO club.visit
      SELECT i, $1, 'guest ' || i % 7, timestamptz '2025-01-01 03:00:00+00' + i % 300 * interval '29 hours',
        (i % 13)::numeric / 4, CASE WHEN i % 5 > 0 THEN 'of "' || $1 || E'",\\n' || i END
      FROM unnest($2::bigint[]) AS u (i)
      """, [code, Quoting.array(ids.map(String.init))])
  }

  /// Points the source at all shards, or at the whole.
  func use(_ databases: [TestDatabase], spread: String = "rows", instead: [Int: String] = [:])
    throws
  {
    let uris = databases.enumerated().map { index, database in
      "'" + (instead[index + 1] ?? "\(database.conninfo) user=yearbook_reader") + "'"
    }
    let place = uris.count == 1 ? "uri: \(uris[0])" : "uris: [\(uris.joined(separator: ", "))]"
    try here.write(
      "yearbook.yaml", "sources: {club: {\(place), spread: \(spread), schema: club}}\n")
  }
}
