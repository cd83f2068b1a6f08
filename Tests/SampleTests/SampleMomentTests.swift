import Basics
import Pipelines
import Testing

@testable import Sample

@Suite struct SampleMomentTests {
  @Test func `One month later is the same day, but not later than the 28th`() {
    #expect(CivilDate(2025, 12, 31).adding(months: 2) == CivilDate(2026, 2, 28))
    #expect(CivilDate(2025, 1, 4).adding(months: 11) == CivilDate(2025, 12, 4))
  }

  @Test func `A local time becomes UTC`() {
    #expect(
      SampleMoment(CivilDate(2025, 12, 31), hour: 23, minute: 58, offset: -3).text
        == "2026-01-01 02:58:00+00")
    #expect(
      SampleMoment(CivilDate(2026, 1, 1), hour: 0, minute: 3, offset: 9).text
        == "2025-12-31 15:03:00+00")
  }

  @Test func `A stream of numbers never changes`() {
    var random = SampleRandom(seed: 0)
    // The reference values of SplitMix64 for the seed 0.
    #expect(random.next() == 0xe220_a839_7b1d_cdaf)
    #expect(random.next() == 0x6e78_9e6a_a1b9_65f4)
    var ids = SampleRandom(seed: 1)
    let id = ids.uuid()
    #expect(id.utf8.count == 36)
    #expect(Array(id)[14] == "4")
    #expect("89ab".contains(Array(id)[19]))
  }
}
