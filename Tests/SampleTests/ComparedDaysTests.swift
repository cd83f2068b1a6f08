import Foundation
import Pipelines
import Postgres
import TestSupport
import Testing

@testable import Basics
@testable import Extraction

/// The bounds in `partition` against `PeriodProgress`, which words the pages.
@Suite struct ComparedDaysTests {
  @Test func `The days that queries compare are those that pages name`() throws {
    try withDatabase { conninfo in
      let connection = try Connection(conninfo, settings: SessionSettings(searchPath: ["app"]))
      let members = [
        "America/Sao_Paulo", "Asia/Tokyo", "Europe/Madrid", "Australia/Lord_Howe", "Etc/GMT+12",
      ].enumerated().map { number, zone in
        Extractor.Member(
          tenant: Tenant(
            id: "00000000-0000-4000-8000-00000000000\(number)", slug: "t\(number)", name: "T",
            zone: ZoneRules(name: zone, offset: 0), locale: "en", currency: "EUR"),
          settings: TenantSettings(), asOf: nil)
      }
      let library = try PipelineLibrary(folder: Places.project + "/pipelines")
      var extract = try #require(library.pipeline("annual")).extract
      var query = try #require(extract.queries.first)
      query.sql = """
        SELECT tenant_id, time_zone, previous_starts_at <= previous_ends_at AS is_ordered,
          ((previous_ends_at AT TIME ZONE time_zone) - interval '1 microsecond')::date AS last
        FROM partition
        """
      extract.preludes = []
      extract.queries = [query]
      for seed in Seeds.of(few: 150, many: 20_000) {
        var random = SeededRandom(seed: seed)
        // Around the ends of months, or anywhere, from 1972 to 2037.
        var day = CivilDate(daysSince1970: random.number(730...24_800))
        if random.isOne(of: 2) {
          day = Period(.month, containing: day).end.adding(days: random.number(-3...1))
        }
        let kind = random.pick(Period.Kind.allCases)
        let moment: RunMoment =
          random.isOne(of: 2)
          ? .day(day)
          : .instant(Int64(day.daysSince1970 * 86_400 + random.number(1...86_399)))
        let period = Period.sample(kind, on: day)
        let statement = ExtractStatement(extract, partition: .rows(members, period, moment))
        for row in try connection.query(statement.unordered(query).sql) {
          let zone = try #require(TimeZone(identifier: try row.string("time_zone")))
          let seconds: Int64 = if case .instant(let seconds) = moment { seconds } else { 0 }
          let offset = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds)))
          let today = moment.day(in: ZoneRules(name: zone.identifier, offset: offset))
          // A period that has not started there is not run.
          if today < period.start { continue }
          let progress = PeriodProgress(period, today: today, isWholeDay: moment.isDay)
          #expect(
            try row.string("last") == "\(progress.previousLastDay)",
            "seed \(seed), \(period), \(moment), \(zone.identifier)")
          #expect(try row.bool("is_ordered"), "seed \(seed)")
        }
      }
    }
  }
}
