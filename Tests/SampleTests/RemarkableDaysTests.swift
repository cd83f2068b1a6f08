import FoundationEssentials
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Basics
@testable import Extraction

/// The remarkable days of the year in review, against a second count from the days by which the
/// rows were made. PostgreSQL alone turns these days into moments.
@Suite struct RemarkableDaysTests {
  private static let zones = [
    "America/Sao_Paulo", "America/Los_Angeles", "Europe/Madrid", "Australia/Lord_Howe",
    "Asia/Kathmandu", "Pacific/Apia",
  ]
  /// Leap days, changes of clocks in these zones, ends of years.
  private static let edges = [
    "2024-02-29", "2024-03-10", "2024-03-31", "2024-04-07", "2024-10-06", "2024-11-03",
    "2024-12-31",
    "2025-01-01", "2025-02-28", "2025-03-09", "2025-03-30", "2025-10-26", "2025-12-31",
    "2026-01-01",
  ]
  private static let times = ["00:00:00", "00:00:00.000001", "02:30:00", "23:59:59.999999"]

  private struct Happening {
    var day: CivilDate
    var time: String
    var isDojo: Bool
    var name: String
    var people: [Int]

    var moment: String { "\(day) \(time)" }
  }

  private struct Found: Equatable, CustomStringConvertible {
    var rule: String
    var since: String?
    var day: String
    var title: String?
    var amount: Int?

    var description: String {
      "\(rule) \(since ?? "–") \(day) \(title ?? "–") \(amount.map(String.init) ?? "–")"
    }
  }

  /// Runs of days and pauses between them, that begin or end at an edge.
  private static func happenings(_ random: inout SeededRandom) -> [Happening] {
    var day = edge(&random).adding(days: random.number(-4...4))
    var made: [Happening] = []
    for _ in 0..<random.number(1...7) {
      for _ in 0..<random.number(1...6) {
        for _ in 0..<(random.isOne(of: 5) ? random.number(2...5) : 1) {
          let time = random.pick(times)
          // Of two dojos of one moment, the one with the lesser id would be the first.
          let isDojo =
            random.isOne(of: 3)
            && !made.contains { $0.isDojo && $0.day == day && $0.time == time }
          let crowd = random.isOne(of: 3) ? [0, 1, 2, 3] : [random.number(0...3)]
          made.append(
            Happening(
              day: day, time: time, isDojo: isDojo, name: "n\(made.count)",
              people: isDojo ? crowd : [random.number(0...3)]))
        }
        day = day.adding(days: 1)
      }
      day = random.isOne(of: 3) ? edge(&random) : day.adding(days: random.number(1...30))
    }
    return made
  }

  private static func edge(_ random: inout SeededRandom) -> CivilDate {
    CivilDate(random.pick(edges)) ?? CivilDate(daysSince1970: 0)
  }

  /// A second count. Two things of one moment have the same text, except where clocks are changed:
  /// a time that a change leaves out is in none of these days at another place.
  private static func expected(_ all: [Happening], in period: Period) -> [Found] {
    let now = all.filter { period.start <= $0.day && $0.day < period.end }
      .sorted { $0.moment < $1.moment }
    guard let first = now.first else { return [] }
    var found: [(day: CivilDate, place: Int, Found)] = []
    func add(
      _ place: Int, _ rule: String, _ day: CivilDate, since: CivilDate? = nil,
      title: String? = nil, amount: Int? = nil
    ) {
      found.append(
        (
          day, place,
          Found(
            rule: rule, since: since.map { "\($0)" }, day: "\(day)", title: title, amount: amount)
        ))
    }
    func isAlone(_ one: Happening) -> Bool { now.count { $0.moment == one.moment } == 1 }
    if !all.contains(where: { $0.day < period.start }), isAlone(first) {
      add(1, "first", first.day, title: first.name)
    }
    let counts = Dictionary(grouping: now, by: \.day).mapValues(\.count)
    let most = counts.values.max() ?? 0
    let busiest = counts.filter { $0.value == most }.map(\.key)
    if most >= 3, busiest.count == 1 { add(2, "most", busiest[0], amount: most) }
    var runs: [[CivilDate]] = []
    for day in counts.keys.sorted() {
      if let last = runs.last?.last, last.adding(days: 1) == day {
        runs[runs.count - 1].append(day)
      } else {
        runs.append([day])
      }
    }
    let length = runs.map(\.count).max() ?? 0
    let longest = runs.indices.filter { runs[$0].count == length }
    if length >= 4, longest.count == 1, longest[0] < runs.count - 1 {
      let run = runs[longest[0]]
      add(3, "streak", run[run.count - 1], since: run[0], amount: run.count)
    }
    let pauses = zip(runs, runs.dropFirst()).map { before, after in
      (
        days: after[0].daysSince1970 - before[before.count - 1].daysSince1970 - 1,
        since: before[before.count - 1], day: after[0]
      )
    }
    let pause = pauses.map(\.days).max() ?? 0
    let widest = pauses.filter { $0.days == pause }
    if pause >= 14, widest.count == 1, let back = now.first(where: { $0.day == widest[0].day }),
      isAlone(back)
    {
      add(4, "comeback", back.day, since: widest[0].since, title: back.name, amount: pause)
    }
    let people = Set(now.flatMap(\.people))
    if people.count >= 3,
      let whole = now.first(where: { $0.isDojo && people.isSubset(of: $0.people) })
    {
      add(5, "together", whole.day, title: whole.name, amount: people.count)
    }
    return found.sorted { ($0.day, $0.place) < ($1.day, $1.place) }.map(\.2)
  }

  /// The statements that make a tenant of a seed's happenings.
  private static func rows(
    _ tenant: String, _ slug: String, _ zone: String, _ all: [Happening]
  ) -> String {
    func id(_ text: String) -> String { "md5('\(slug)\(text)')::uuid" }
    var sql = """
      INSERT INTO app.tenant (id, slug, name, timezone, locale, currency, created)
      VALUES ('\(tenant)', '\(slug)', 'T', '\(zone)', 'en', 'EUR', '2020-01-01');
      INSERT INTO app."user" (id, tenantid, username, firstname, lastname, email, age, created)
      SELECT md5('\(slug)u' || n)::uuid, '\(tenant)', 'u' || n, 'F', 'L', 'x@example.org', 30,
        '2020-01-01'
      FROM generate_series(0, 3) n;

      """
    for one in all {
      let moment = "('\(one.moment)'::timestamp AT TIME ZONE '\(zone)')"
      if one.isDojo {
        sql += """
          INSERT INTO app.room (id, userid, tenantid, date, name, status, created) VALUES
          (\(id(one.name)), \(id("u\(one.people[0])")), '\(tenant)', \(moment), '\(one.name)', 'A',
            '2020-01-01');

          """
        for person in one.people {
          sql += """
            INSERT INTO app.room_member (roomid, userid)
            VALUES (\(id(one.name)), \(id("u\(person)")));

            """
        }
      } else {
        sql += """
          INSERT INTO app.pocuser (id, userid, tenantid, name, favorite, created) VALUES
          (\(id(one.name)), \(id("u\(one.people[0])")), '\(tenant)', '\(one.name)', 'N', \(moment));

          """
      }
    }
    return sql
  }

  @Test func `Remarkable days are those of a second count, at every edge of the calendar`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    let annual = try #require(library.pipeline("annual"))
    let query = try #require(annual.extract.queries.first { $0.name == "remarkable_days" })
    let schema = try #require(
      FileManager.default.contents(atPath: Places.project + "/docs/platform-schema.sql"))
    var rules: Set<String> = []
    var cases = 0
    try withDatabase { conninfo in
      let connection = try Connection(conninfo, settings: SessionSettings(searchPath: ["app"]))
      try connection.execute(String(decoding: schema, as: UTF8.self))
      var worlds: [(tenant: Tenant, all: [Happening], seed: Int)] = []
      for seed in Seeds.of(few: 60, many: 1500) {
        var random = SeededRandom(seed: seed)
        let slug = "t\(worlds.count)"
        let hex = String(worlds.count, radix: 16)
        let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - hex.count) + hex
        let zone = random.pick(Self.zones)
        let all = Self.happenings(&random)
        try connection.execute(Self.rows(id, slug, zone, all))
        worlds.append(
          (
            Tenant(
              id: id, slug: slug, name: "T", zone: ZoneRules(name: zone, offset: 0), locale: "en",
              currency: "EUR"), all, Int(seed)
          ))
      }
      cases = worlds.count
      let members = worlds.map {
        Extractor.Member(tenant: $0.tenant, settings: TenantSettings(), asOf: nil)
      }
      for year in ["2024", "2025", "2026"] {
        let period = try #require(Period(year))
        let statement = ExtractStatement(
          annual.extract,
          partition: .rows(members, period, .day(try #require(CivilDate("2027-06-01")))))
        var found: [String: [(position: Int, Found)]] = [:]
        for row in try connection.query(statement.unordered(query).sql) {
          found[try row.string("tenant_id"), default: []].append(
            (
              try row.int("position"),
              Found(
                rule: try row.string("rule"), since: try row.optionalString("since"),
                day: try row.string("day"), title: try row.optionalString("title"),
                amount: try row.optionalString("amount").flatMap { Int($0) })
            ))
        }
        for world in worlds {
          let said = (found[world.tenant.id] ?? []).sorted { $0.position < $1.position }.map(\.1)
          let expected = Self.expected(world.all, in: period)
          rules.formUnion(expected.map(\.rule))
          #expect(said == expected, "seed \(world.seed), \(year), \(world.tenant.timeZone)")
        }
      }
    }
    // A rule that no case has would not have been tried.
    #expect(cases == 1 || rules == ["first", "most", "streak", "comeback", "together"])
  }
}
