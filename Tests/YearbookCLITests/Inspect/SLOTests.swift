import Foundation
import Postgres
import TestSupport
import Testing

/// `yearbook slo`, and what monitors are told of upkeep and extraction.
@Suite(.enabled(if: Places.noYearbook == nil, "the program is not built"))
struct SLOTests {
  @Test func `Failed and late partitions are missed, and too many of them are exit code 1`() throws
  {
    try MetricsTests.withFailedTenant { here in
      let record = try here.record.connect()
      // Whether the deadline of 06:00 is near depends on the time of day at which this runs.
      try record.execute(
        """
        UPDATE yearbook.run SET due = now() - interval '1 minute', on_time = published + unchanged
        """)
      let (status, output) = try here.yearbook(["slo"])
      #expect(status == 1, "\(output)")
      #expect(
        output.contains(
          "nightly: 66.66 % of 6 partitions due in 30 days kept, 99.90 % promised; 2 missed at 1 deadline"
        ),
        "\(output)")
      #expect(output.contains("the budget of 30 days is spent 333.3 times"), "\(output)")
      #expect(output.contains("nightly: 2 of 6 partitions missed\n"), "\(output)")
      let metrics = try here.yearbook(["metrics"]).output
      for line in [
        #"yearbook_service_partitions{schedule="nightly",window="30d",outcome="missed"} 2"#,
        #"yearbook_service_level_ratio{schedule="nightly",window="1d"} 0.66"#,
        #"yearbook_service_burn_ratio{schedule="nightly",window="3d"} 333.3"#,
        "yearbook_service_objective_ratio 0.999",
        // What the night read: one tenant of three could not be read.
        #"yearbook_extractions_total{pipeline="rows",outcome="read"} 4"#,
        #"yearbook_extractions_total{pipeline="rows",outcome="failed"} 2"#,
        #"yearbook_extraction_rows_total{pipeline="rows"} 12"#,
        #"yearbook_extraction_duration_seconds_total{pipeline="rows",source="source"} 0."#,
        #"yearbook_published_bytes_total{pipeline="rows"} "#,
      ] { #expect(metrics.contains(line), "\(line)\n\(metrics)") }
      // A good night.
      try here.platform.connect().execute("UPDATE app.\"user\" SET picture = NULL")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      try record.execute(
        "UPDATE yearbook.run SET due = now() - interval '1 minute', on_time = planned")
      let good = try here.yearbook(["slo", "nightly", "--json"])
      #expect(good.status == 0, "\(good.output)")
      #expect(
        good.output.contains("\"missed\":[]") || good.output.contains("\"missed\" : ["),
        "\(good.output)")
      // Their years that are over are final, and not planned again.
      let second = try here.yearbook(["metrics"]).output
      #expect(
        second.contains(#"yearbook_extractions_total{pipeline="rows",outcome="unchanged"} 2"#),
        "\(second)")
    }
  }

  @Test func `Without a deadline there is no level, and an unknown schedule is named`() throws {
    try Installation.with { here in
      let none = try here.yearbook(["slo"])
      #expect(none.status == 0 && none.output.contains("set due: 06:00"), "\(none)")
      let wrong = try here.yearbook(["slo", "weekly"])
      #expect(wrong.status == 64 && wrong.output.contains("'weekly'"), "\(wrong)")
      #expect(!(try here.yearbook(["metrics"]).output.contains("yearbook_service_level")))
    }
  }

  @Test func `Monitors know when the whole store was verified, and what was found`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      func metrics() throws -> String { try here.yearbook(["metrics"]).output }
      var text = try metrics()
      #expect(text.contains("yearbook_store_unverified_timestamp_seconds 1"), "\(text)")
      #expect(!text.contains("yearbook_upkeep"), "\(text)")
      // A part of the store, or a copy of it, is not the whole of what readers see.
      #expect(try here.yearbook(["verify", "--tenant", "acme"]).status == 0)
      #expect(try here.yearbook(["verify", "--store", here.folder + "/store"]).status == 0)
      #expect(!(try metrics().contains("yearbook_upkeep")))
      #expect(try here.yearbook(["verify"]).status == 0)
      text = try metrics()
      #expect(text.contains(#"yearbook_upkeep_last_problems{work="verify"} 0"#), "\(text)")
      #expect(text.contains(#"yearbook_upkeep_good_timestamp_seconds{work="verify"} 1"#), "\(text)")
      #expect(text.contains(#"yearbook_upkeep_releases{work="verify"} 2"#), "\(text)")
      #expect(
        !text.contains("verify-deep") && !text.contains("yearbook_store_unverified"), "\(text)")
      // A release that changes after that is unverified again; a damaged one is a problem, and the
      // last good verification stays the last good one.
      try here.platform.connect().execute("UPDATE app.\"user\" SET username = username || '2'")
      #expect(try here.yearbook(["run", "nightly"]).status == 0)
      #expect(try metrics().contains("yearbook_store_unverified_timestamp_seconds 1"))
      let path = try #require(
        FileManager.default.enumerator(atPath: here.folder + "/store/tenants/acme/rows")?
          .compactMap { $0 as? String }.first { $0.hasSuffix("/data/report.json") })
      try FileManager.default.removeItem(atPath: here.folder + "/store/tenants/acme/rows/" + path)
      #expect(try here.yearbook(["verify", "--deep"]).status == 1)
      text = try metrics()
      #expect(text.contains(#"yearbook_upkeep_last_problems{work="verify-deep"} 1"#), "\(text)")
      #expect(text.contains(#"yearbook_upkeep_good_timestamp_seconds{work="verify"} 1"#), "\(text)")
      #expect(!text.contains(#"yearbook_upkeep_good_timestamp_seconds{work="verify-deep"}"#))
      #expect(text.contains("yearbook_store_unverified_timestamp_seconds 1"))
    }
  }

  @Test func `A bucket that does not answer is a failed mirroring until one succeeds`() throws {
    try Installation.with { here in
      try here.addTenant("acme")
      try here.write(
        "yearbook.yaml", "mirror: {to: 's3://bucket/seen', connections: 1, plain_http: true}\n")
      let keys = [
        "AWS_ENDPOINT_URL=http://127.0.0.1:1", "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b",
        "AWS_REGION=eu-west-1", "AWS_ALLOW_HTTP=true",
      ]
      #expect(try here.yearbook(["run", "nightly"], environment: keys).status != 0)
      let text = try here.yearbook(["metrics"]).output
      #expect(text.contains(#"yearbook_upkeep_last_problems{work="mirror"} 1"#), "\(text)")
      #expect(!text.contains(#"yearbook_upkeep_good_timestamp_seconds{work="mirror"}"#))
    }
  }

  @Test func `Pieces of films are counted as made, and as found where a film changes in part`()
    throws
  {
    try Installation.withFilms { here in
      #expect(try here.yearbook(Installation.film).status == 0)
      try here.addPOC("Second", of: "acme", key: "acme/shots/1.png")
      #expect(try here.yearbook(Installation.film).status == 0)
      let text = try here.yearbook(["metrics"]).output
      func number(_ outcome: String) throws -> Int {
        let line =
          "yearbook_pieces_total{pipeline=\"video\",kind=\"segment\",outcome=\"\(outcome)\"} "
        let found = text.split(separator: "\n").first { $0.hasPrefix(line) }
        return try Int(#require(found, "\(text)").dropFirst(line.count)) ?? -1
      }
      #expect(try number("made") > 3 && number("found") >= 1, "\(text)")
    }
  }
}
