import Testing

@testable import Basics

struct HoursOfDayTests {
  @Test(
    arguments: [
      ("08:00-20:00", 480, 1200), ("22:30-06:00", 1350, 360), ("00:00-24:00", 0, 1440),
    ] as [(String, Int, Int)])
  func `Hours are read as they are written, also over midnight`(
    _ text: String, _ start: Int, _ end: Int
  ) throws {
    let hours = try #require(HoursOfDay(text))
    #expect(hours.start == start && hours.end == end)
    #expect(hours.description == text)
  }

  @Test(arguments: [
    "", "08:00", "8-20", "8:00-20:00", "08:00-08:00", "24:00-08:00", "08:00-24:01", "08:60-20:00",
    "25:00-26:00", "08:00-20:00-21:00", "-08:00", "+8:00-20:00", "０８:00-20:00",
  ])
  func `What names no hours is not taken for some`(_ text: String) {
    #expect(HoursOfDay(text) == nil)
  }
}
