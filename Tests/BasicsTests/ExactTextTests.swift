import Basics
import Testing

@Suite struct ExactTextTests {
  @Test func `Names of files that look alike are not the same name`() {
    let (one, other) = ("caf\u{E9}.mp4", "cafe\u{301}.mp4")
    #expect(one == other)
    #expect(ExactText(one) != ExactText(other))
    #expect(Set([ExactText(one), ExactText(other), ExactText(one)]).count == 2)
    #expect(ExactText(one) == ExactText(String(one)))
  }
}
