import Basics
import Pipelines
import TestSupport
import Testing

@testable import Engine

@Suite struct BatchTests {
  /// Partitions of two periods, ordered by tenant.
  private func partitions(_ tenants: Int) throws -> [RunPlan.Partition] {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    let pipeline = try #require(library.pipeline("annual"))
    let periods = try ["2025", "2026"].map { try #require(Period($0)) }
    return (0..<tenants).flatMap { number in
      periods.map { period in
        RunPlan.Partition(
          tenant: Tenant(
            id: "\(number)", slug: "t\(number)", name: "T", zone: .utc, locale: "en",
            currency: "EUR"), settings: TenantSettings(), pipeline: pipeline, period: period,
          today: period.start,
          progress: PeriodProgress(period, today: period.start), needs: [])
      }
    }
  }

  @Test func `The first batches of a period are small, so that work begins early`() throws {
    let batches = Run.batches(of: try partitions(400))
    for period in ["2025", "2026"] {
      let own = batches.filter { $0[0].period.description == period }
      #expect(own.map(\.count) == [16, 48, 100, 100, 100, 36])
      #expect(own.joined().map(\.tenant.slug) == (0..<400).map { "t\($0)" })
      #expect(own.joined().allSatisfy { $0.period.description == period })
    }
    #expect(batches.count == 12)
  }

  @Test func `No batch is larger than the given size`() throws {
    #expect(Run.batches(of: try partitions(40), size: 16).map(\.count) == [16, 16, 16, 16, 8, 8])
  }
}
