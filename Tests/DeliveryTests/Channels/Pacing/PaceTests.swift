import Testing

@testable import Delivery

/// How a rate is read. That it is kept is shown where it is kept, by `OutboxPaceTests`.
struct PaceTests {
  @Test(
    arguments: [
      ("95/s", 10_527), ("1/s", 1_000_000), ("99991/s", 11), ("7/m", 8_571_429),
      ("100/h", 36_000_000), ("100/d", 864_000_000),
    ] as [(String, Int)])
  func `The time between two messages is rounded up, so that no second has one more`(
    _ text: String, _ interval: Int
  ) throws {
    let pace = try #require(Pace(text))
    #expect(pace.interval == interval)
    #expect(pace.description == text)
  }

  @Test(arguments: [
    "", "95", "/s", "95/", "0/s", "-1/s", "+1/s", "1.5/s", "95/S", "95 /s", "95/s/s", "100001/s",
    "99999999999999999999/s", "95/w", "９/s",
  ])
  func `What is not a rate is not taken for one`(text: String) { #expect(Pace(text) == nil) }
}
