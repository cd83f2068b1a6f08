import Diagnostics
import Testing

@Suite struct NearestWordsTests {
  @Test func `A swapped pair of letters is one edit away`() {
    #expect(NearestWords.of("strat", in: ["start", "stop", "status"]) == ["start"])
  }

  @Test func `Nothing near gives no hint`() {
    #expect(NearestWords.hint(for: "zebra", in: ["annual", "billing"]) == nil)
  }
}
