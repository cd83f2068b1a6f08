import Testing

@testable import Diagnostics

@Suite struct CountedTests {
  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_250, "1.3 kB"), (999_949, "999.9 kB"),
    (999_950, "1.0 MB"), (12_345_678, "12.3 MB"), (430_079_400, "430.1 MB"),
    (999_999_999, "1.0 GB"), (2_500_000_000_000, "2.5 TB"), (1_234_500_000_000_000, "1234.5 TB"),
  ])
  func `A size has the largest unit that leaves at least one`(bytes: Int, text: String) {
    #expect(Counted.bytes(bytes) == text)
  }

  @Test func `Only one thing is singular`() {
    #expect(Counted.text(0, "row") == "0 rows")
    #expect(Counted.text(1, "row") == "1 row")
    #expect(Counted.text(2, "row") == "2 rows")
  }
}
