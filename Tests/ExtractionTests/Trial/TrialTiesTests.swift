import Diagnostics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Extraction

@Suite struct TrialTiesTests {
  /// The queries whose order the trial finds not to be unique.
  private func ties(_ sql: String, _ order: String, _ trial: IsolationTrial) throws -> [String] {
    try withTemporaryFolder { folder in
      try FileManager.default.createDirectory(
        atPath: "\(folder)/tried", withIntermediateDirectories: true)
      try sql.write(toFile: "\(folder)/tried/rows.sql", atomically: true, encoding: .utf8)
      try """
      name: tried
      period: year
      extract: {queries: {rows: {order: [\(order)]}}}
      aggregate: {figures: {rows: {from: rows, count: rows}}}
      """.write(toFile: "\(folder)/tried/pipeline.yaml", atomically: true, encoding: .utf8)
      return try trial.run(PipelineLibrary(folder: folder).pipelines[0]).ties.map(\.message)
    }
  }

  @Test func `An order that leaves different rows in one place is found before a tenant has them`()
    throws
  {
    let pocs = """
      SELECT c.tenantid AS tenant_id, c.id, c.created, c.favorite::text AS favorite
      FROM partition p JOIN pocuser c ON c.tenantid = p.tenant_id
      """
    try TriedQuery.withTrial { (trial) throws in
      #expect(try ties(pocs, "created, id", trial) == [])
      #expect(try ties(pocs, "id", trial) == [])
      #expect(
        try ties(pocs, "favorite", trial) == [
          "the order of the query 'rows' is not unique: different rows have the same favorite"
        ])
      #expect(
        try ties(pocs, "", trial) == ["the query 'rows' has no order, and more than one row"])
      // Equal rows can change places.
      let words = "SELECT tenant_id, favorite FROM (\(pocs)) q"
      #expect(try ties(words, "favorite", trial) == [])
    }
  }
}
