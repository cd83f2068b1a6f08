package import Basics
import Diagnostics
package import Postgres

/// A sample of another platform than the first one: `docs/platforms/NAME.sql` makes its tables.
///
/// As in the first one, the same seed gives the same rows everywhere and at any time, and odd rows
/// are there on purpose: a tenant without rows, emoji, the moments around midnights and changed
/// clocks, equal moments, moments that are no days.
package struct OtherPlatform: Sendable {
  /// The platforms that there are, by the names of their schema files.
  package enum Kind: String, CaseIterable, Sendable {
    case conversations, timeline, registrations

    /// A table that has rows if the sample was made before, and the schema of its views.
    fileprivate var witness: String {
      switch self {
      case .conversations: "app.bots"
      case .timeline: "app.users"
      case .registrations: "app.registrations"
      }
    }
  }

  /// A database of the platform, and which part of it is there.
  package struct Place {
    /// Where a platform is split, its parts have different tables.
    package enum Part: String, Sendable {
      case both
      /// A share of the live rows.
      case live
      case archive
    }

    package var connection: Connection
    package var part: Part

    package init(_ connection: Connection, _ part: Part = .both) {
      self.connection = connection
      self.part = part
    }
  }

  package var kind: Kind
  package var seed: UInt64
  /// The number of tenants of `conversations`; `timeline` has four times as many people, and
  /// `registrations` has one tenant.
  package var tenants: Int
  /// How much a large tenant has.
  package var size: Int
  /// The last day of the sample.
  package var today: CivilDate

  /// A platform with these numbers.
  package init(
    _ kind: Kind, seed: UInt64 = 2026, tenants: Int = 5, size: Int = 24,
    today: CivilDate = CivilDate(2026, 11, 20)
  ) {
    self.kind = kind
    self.seed = seed
    self.tenants = tenants
    self.size = size
    self.today = today
  }

  /// Creates the schema and the rows. If the platform has rows, nothing changes.
  ///
  /// - Parameters:
  ///   - places: the databases. Only `conversations` can have several.
  ///   - schema: the text of `docs/platforms/NAME.sql`.
  /// - Returns: The number of rows; `nil` if the platform had rows.
  /// - Throws: `.usage` for numbers out of range and for several databases of a platform that
  ///   cannot be split; errors of the database.
  package func create(on places: [Place], schema: String) throws -> Int? {
    guard (1...100_000).contains(tenants), (1...1_000_000).contains(size) else {
      throw Diagnostic(.usage, "a sample must have 1 to 100000 tenants and a size of 1 to 1000000")
    }
    guard kind == .conversations || places.count == 1 else {
      throw Diagnostic(.usage, "a sample of \(kind.rawValue) is in one database")
    }
    var had = 0
    for place in places {
      let connection = place.connection
      try connection.execute("SET client_min_messages = warning")
      try connection.query(
        "SELECT pg_catalog.set_config('\(kind.rawValue).part', $1, false)", [place.part.rawValue])
      try connection.execute(schema)
      try connection.execute("RESET client_min_messages")
      let found = try connection.query("SELECT EXISTS (SELECT FROM \(kind.witness)) AS found")
      if try found.only().bool("found") { had += 1 }
    }
    if had == places.count { return nil }
    guard had == 0 else {
      throw Diagnostic(
        .configuration, "\(had) of the \(places.count) databases have rows already",
        hint: "use empty databases")
    }
    var count = 0
    let live = places.filter { $0.part != .archive }.count
    var share = 0
    for place in places {
      let rows = rows(of: place.part, share: share, of: max(live, 1))
      if place.part != .archive { share += 1 }
      try place.connection.transaction {
        for table in rows.tables where !table.rows.isEmpty {
          try place.connection.copyIn("COPY \(table.target) FROM STDIN") { writer in
            for row in table.rows { try writer.row(row) }
          }
        }
        for statement in afterwards(place.part) { try place.connection.execute(statement) }
      }
      try place.connection.execute("ANALYZE")
      count += rows.count
    }
    return count
  }

  /// The rows of one database.
  func rows(of part: Place.Part, share: Int = 0, of shares: Int = 1) -> SampleRows {
    switch kind {
    case .conversations: SampleConversations(self).rows(part, share: share, of: shares)
    case .timeline: SampleTimeline(self).rows()
    case .registrations: SampleRegistrations(self).rows()
    }
  }

  /// What is said to a database after its rows were written.
  private func afterwards(_ part: Place.Part) -> [String] {
    switch kind {
    case .conversations:
      // The same clients must have the same pseudonyms in all databases.
      var random = SampleRandom(seed: seed, "secret")
      return ["UPDATE app.report_secret SET secret = '\(random.uuid())'"]
    case .timeline:
      return [
        "SELECT setval(pg_get_serial_sequence('app.users', 'id'), (SELECT max(id) FROM app.users))",
        "SELECT setval(pg_get_serial_sequence('app.tweets', 'id'), (SELECT coalesce(max(id), 1) FROM app.tweets))",
      ]
    case .registrations:
      return [
        "SELECT setval(pg_get_serial_sequence('app.registrations', 'id'), (SELECT max(id) FROM app.registrations))"
      ]
    }
  }

  /// A moment between 400 days before the last day and its evening. Most are in the daytime of a
  /// place so many hours east of Greenwich.
  func moment(_ random: inout SampleRandom, offset: Int, days: Int = 400) -> SampleMoment {
    let hours = [
      8, 9, 9, 10, 10, 10, 11, 11, 12, 13, 14, 14, 15, 15, 16, 17, 18, 19, 20, 21, 22, 0, 3, 6,
    ]
    let day = today.adding(days: -random.below(days))
    return SampleMoment(
      day, hour: random.pick(hours), minute: random.below(60), second: random.below(60),
      offset: offset)
  }
}
