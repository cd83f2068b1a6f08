import Diagnostics
import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Engine

@Suite struct RunIDTests {
  @Test func `An identifier begins with the second and is one of many`() {
    let day = Date(timeIntervalSince1970: 1_795_230_902)
    let made = Set((0..<100).map { _ in RunID.make(at: day) })
    #expect(made.count > 95)
    #expect(made.allSatisfy { $0.hasPrefix("20261121T") && $0.utf8.count == 22 })
  }

  @Test func `Runs that begin in the same second have different identifiers`() throws {
    let database = try TestDatabase()
    let first = try RunRecord(database.conninfo)
    let second = try RunRecord(database.conninfo)
    func dealing(_ ids: [String]) -> (Date) -> String {
      var left = ids
      return { _ in left.removeFirst() }
    }
    // One that another run has taken and not entered yet, then one that has been entered and is
    // over.
    #expect(try first.takeID(at: Date(), dealing(["a"])) == "a")
    #expect(try second.takeID(at: Date(), dealing(["a", "b"])) == "b")
    try database.connect().execute(
      """
      INSERT INTO yearbook.run (id, name, as_of, arguments, state, host, pid, lock, version, planned)
      VALUES ('c', 'nightly', '2026-11-20', '', 'done', 'h', 1, 1, '1', 0)
      """)
    #expect(try second.takeID(at: Date(), dealing(["c", "d"])) == "d")
    let error = #expect(throws: Diagnostic.self) {
      try second.takeID(at: Date()) { _ in "a" }
    }
    #expect(error?.code == .bug)
  }
}
