import Testing

@testable import Sample

@Suite struct SampleDayTests {
  @Test func `Days and their parts go both ways`() {
    for number in stride(from: -800_000, through: 800_000, by: 37) {
      let day = SampleDay(number: number)
      let (year, month, dayOfMonth) = day.parts
      #expect(SampleDay(year, month, dayOfMonth) == day)
    }
    #expect(SampleDay(1970, 1, 1).number == 0)
    #expect(SampleDay(2024, 2, 29).adding(days: 1) == SampleDay(2024, 3, 1))
    #expect(SampleDay(2026, 11, 20).weekday == 4)
    #expect(SampleDay(2025, 12, 31).adding(months: 2) == SampleDay(2026, 2, 28))
  }

  @Test func `A local time becomes UTC`() {
    #expect(
      SampleMoment(SampleDay(2025, 12, 31), hour: 23, minute: 58, offset: -3).text
        == "2026-01-01 02:58:00+00")
    #expect(
      SampleMoment(SampleDay(2026, 1, 1), hour: 0, minute: 3, offset: 9).text
        == "2025-12-31 15:03:00+00")
  }

  @Test func `A stream of numbers is the one it always was`() {
    var random = SampleRandom(seed: 0)
    // The reference values of SplitMix64 from the seed 0.
    #expect(random.next() == 0xe220_a839_7b1d_cdaf)
    #expect(random.next() == 0x6e78_9e6a_a1b9_65f4)
    var ids = SampleRandom(seed: 1)
    let id = ids.uuid()
    #expect(id.utf8.count == 36)
    #expect(Array(id)[14] == "4")
    #expect("89ab".contains(Array(id)[19]))
  }
}
