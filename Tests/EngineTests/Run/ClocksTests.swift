import Diagnostics
import TestSupport
import Testing

@testable import Engine

@Suite struct ClocksTests {
  @Test func `Clocks that agree are not corrected, so that one server's order is exact`() throws {
    let database = try TestDatabase()
    let clocks = try Clocks(source: database.connect(), record: database.connect())
    #expect(abs(clocks.source) < 5 && abs(clocks.host) < 5)
    #expect(clocks.warnings == [])
    #expect(try clocks.check().contains("agree"))
    #expect(Clocks(source: 0.9, host: 0).correction == 0)
  }

  @Test(arguments: [
    (9000.0, "2 h 30 min ahead of", -9_000_000_000), (-45.0, "45 s behind", 45_000_000),
    (31_536_000.0, "365 days ahead of", -31_536_000_000_000),
  ])
  func `A source's clock that is wrong is corrected, and told`(
    seconds: Double, text: String, correction: Int
  ) throws {
    let clocks = Clocks(source: seconds, host: 0)
    #expect(clocks.correction == Int64(correction))
    #expect(clocks.warnings.map(\.code) == ["source-clock"])
    #expect(clocks.warnings[0].message.contains(text), "\(clocks.warnings[0].message)")
    let error = try #require(throws: Diagnostic.self) { try clocks.check() }
    #expect(error.code == .configuration && error.hint != nil)
  }

  @Test func `A difference that may come from a slow answer is not told`() {
    var clocks = Clocks(source: 33, host: -33)
    clocks.uncertainty = 5
    #expect(clocks.warnings == [])
  }
}
