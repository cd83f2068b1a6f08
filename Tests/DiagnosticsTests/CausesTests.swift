import Diagnostics
import Testing

@Suite struct CausesTests {
  @Test func `Failures that differ only in their paths are one cause`() {
    let failures =
      (1...97).map {
        Diagnostic(.io, "cannot open /store/.locks/\($0): Permission denied", hint: "check")
      } + [
        Diagnostic(.io, "cannot open /store/.locks/1: No space left on device", hint: "free"),
        Diagnostic(.busy, "the partition was changed"),
        Diagnostic(.busy, "the partition was changed"), Diagnostic(.busy, "another"),
      ]
    let causes = failures.byCause
    #expect(causes.map(\.count) == [97, 1, 2, 1])
    #expect(causes[0].first.message == "cannot open /store/.locks/1: Permission denied")
    #expect([Diagnostic]().byCause.isEmpty)
  }
}
