import Basics
import Pipelines
import Stages
import TestSupport
import Testing

@testable import Engine

@Suite struct RunStateTests {
  @Test func `Any number of partitions can end, each with its follow-up`() throws {
    let library = try PipelineLibrary(folder: Places.project + "/pipelines")
    let pipeline = try #require(library.pipelines.first)
    let period = try #require(Period("2026"))
    let tenant = Tenant(
      id: "00000000-0000-4000-8000-000000000001", slug: "one", name: "One", zone: .utc,
      locale: "en", currency: "EUR")
    let partition = RunPlan.Partition(
      tenant: tenant, settings: TenantSettings(), pipeline: pipeline, period: period,
      today: period.start,
      progress: PeriodProgress(period, today: period.start), needs: [])
    let state = RunState(planned: 200_000, observer: SilentObserver())
    let followed = Locked(0)
    state.whenEnded { _, _ in followed.withLock { $0 += 1 } }
    for _ in 0..<200_000 { state.ended(partition, .unchanged, warnings: []) }
    #expect(followed.withLock { $0 } == 200_000)
    #expect(state.counts.unchanged == 200_000)
  }
}
