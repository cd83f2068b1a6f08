import Basics
import Diagnostics
import FoundationEssentials
import Postgres
import TestSupport
import Testing

@testable import Sample

/// The samples of other platforms than the first one.
@Suite struct OtherSampleTests {
  private static let kinds = OtherPlatform.Kind.allCases

  private func schema(_ kind: OtherPlatform.Kind) throws -> String {
    let path = Places.project + "/docs/platforms/\(kind.rawValue).sql"
    return String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
  }

  @Test(arguments: kinds)
  func `The same seed gives the same rows of another platform, another seed gives other rows`(
    _ kind: OtherPlatform.Kind
  ) {
    let tables = { OtherPlatform(kind, seed: $0, tenants: 6).rows(of: .both).tables.map(\.rows) }
    #expect(tables(7) == tables(7))
    #expect(tables(7) != tables(8))
  }

  @Test(arguments: kinds)
  func `A sample of another platform has rows that break careless programs`(
    _ kind: OtherPlatform.Kind
  ) {
    let rows = OtherPlatform(kind).rows(of: .both).tables.flatMap(\.rows)
    let values = rows.joined().compactMap { $0 }
    #expect(values.contains { $0.hasPrefix("=") })
    #expect(values.contains { $0.contains("<") && $0.contains(">") })
    #expect(values.contains { $0.contains("'") })
    #expect(values.contains { $0.unicodeScalars.contains { $0.properties.isEmojiPresentation } })
    #expect(values.contains { $0.hasPrefix("1970-01-01") }, "before there were days")
    #expect(values.contains { $0.hasSuffix("59:59.999999+00") }, "just before midnight")
  }

  @Test func `Databases that share the conversations hold together what one holds`() {
    let platform = OtherPlatform(.conversations, tenants: 6)
    func messages(_ part: OtherPlatform.Place.Part, _ share: Int = 0, _ shares: Int = 1) -> Set<
      [String?]
    > {
      let tables = platform.rows(of: part, share: share, of: shares).tables
      return Set((tables[2].rows + tables[3].rows).map { Array($0.prefix(6)) })
    }
    let parts = [
      messages(.live, 0, 3), messages(.live, 1, 3), messages(.live, 2, 3), messages(.archive),
    ]
    let all = messages(.both)
    #expect(parts.allSatisfy { !$0.isEmpty })
    #expect(parts.reduce(0) { $0 + $1.count } == all.count, "nothing is in two")
    #expect(parts.reduce(Set()) { $0.union($1) } == all)
    // A conversation's live rows are in one database.
    let live = parts[..<3].map { Set($0.map { $0[1] }) }
    #expect(live[0].isDisjoint(with: live[1]) && live[1].isDisjoint(with: live[2]))
  }

  @Test func `A platform that has rows keeps them, and one that is there in part is refused`()
    throws
  {
    try withDatabase { one in
      try withDatabase { other in
        let schema = try schema(.conversations)
        let platform = OtherPlatform(.conversations, size: 2)
        func places() throws -> [OtherPlatform.Place] {
          [
            .init(try Connection(one, application: "tests"), .live),
            .init(try Connection(other, application: "tests"), .archive),
          ]
        }
        let count = try #require(try platform.create(on: places(), schema: schema))
        #expect(count > 50)
        #expect(try platform.create(on: places(), schema: schema) == nil)
        let connection = try Connection(one, application: "tests")
        try connection.execute("TRUNCATE app.bots CASCADE")
        let fault = #expect(throws: Diagnostic.self) {
          try platform.create(on: places(), schema: schema)
        }
        #expect(fault?.message == "1 of the 2 databases have rows already")
      }
    }
    let fault = #expect(throws: Diagnostic.self) {
      try OtherPlatform(.timeline, tenants: 0).create(on: [], schema: "")
    }
    #expect(fault?.code == .usage)
  }
}
