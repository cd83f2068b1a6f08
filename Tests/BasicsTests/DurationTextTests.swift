import Testing

@testable import Basics

@Suite struct DurationTextTests {
  @Test(arguments: [
    ("90s", 90), ("4m", 240), ("26h", 93_600), ("7d", 604_800), ("0s", 0),
    ("36500d", 3_153_600_000), ("876000h", 3_153_600_000),
  ])
  func `A length of time is a number and a unit`(text: String, seconds: Int) {
    #expect(DurationText.seconds(text) == seconds)
  }

  @Test(arguments: [
    "", "d", "10", "10 d", "1.5h", "-1s", "1w", "36501d", "9223372036854775807d",
    "153722867280912931m",
  ])
  func `What is malformed, negative or longer than a century is refused`(text: String) {
    #expect(DurationText.seconds(text) == nil)
  }
}
