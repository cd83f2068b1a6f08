import Basics
import Foundation
import TestSupport
import Testing

@testable import Engine
@testable import Pipelines

/// Tenants, pipelines and partitions for the tests.
enum Plans {
  /// The tenant with this number, `t7`.
  static func tenant(_ number: Int, zone: ZoneRules = .utc) -> Tenant {
    let digits = String(number)
    let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
    return Tenant(
      id: id, slug: "t\(number)", name: "Tenant \(number)", zone: zone, locale: "en",
      currency: "EUR")
  }

  static func pipeline(_ name: String) -> Pipeline {
    Pipeline(
      name: name, file: "\(name)/pipeline.yaml", periods: [.year], scope: .tenant, title: [:],
      dependsOnDay: false, extract: ExtractSpec(preludes: [], queries: []))
  }

  static func partition(
    _ pipeline: String = "report", tenant: Tenant = tenant(1), year: Int = 2026,
    needs: [String] = [], links: [String] = []
  ) throws -> RunPlan.Partition {
    let period = try #require(Period(CivilDate.padded(year, 4)))
    return RunPlan.Partition(
      tenant: tenant, settings: TenantSettings(), pipeline: self.pipeline(pipeline),
      period: period, today: period.start,
      progress: PeriodProgress(period, today: period.start), needs: needs, links: links)
  }

  static func plan(_ partitions: [RunPlan.Partition] = []) -> RunPlan {
    RunPlan(
      name: "nightly", isSchedule: true, moment: .instant(1_795_230_900), arguments: "nightly",
      partitions: partitions)
  }

  /// Reads a library of pipelines, each with the lines of its file after the name, and one schedule.
  static func library(
    _ pipelines: [String: String], nightly: String
  ) throws -> PipelineLibrary {
    try withTemporaryFolder { folder in
      for (name, lines) in pipelines {
        let place = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try "SELECT".write(toFile: "\(place)/rows.sql", atomically: true, encoding: .utf8)
        try """
        name: \(name)
        \(lines)
        extract: {queries: {rows: {order: []}}}
        aggregate: {figures: {rows: {from: rows, count: rows}}}
        """.write(toFile: "\(place)/pipeline.yaml", atomically: true, encoding: .utf8)
      }
      try nightly.write(toFile: "\(folder)/nightly.yaml", atomically: true, encoding: .utf8)
      return try PipelineLibrary(folder: folder)
    }
  }
}
