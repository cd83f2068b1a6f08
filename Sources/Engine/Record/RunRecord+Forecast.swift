import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

extension RunRecord {
  /// The inputs and the seconds of the last result that a stage had for a partition.
  func lastResult(
    of stage: String, _ partition: PartitionKey
  ) throws -> (inputs: [String: String], seconds: Double)? {
    let rows = try connection.query(
      """
      SELECT inputs, (seconds * 1000)::bigint AS ms FROM yearbook.result
      WHERE tenant_id = $1 AND pipeline = $2 AND period = $3 AND stage = $4
      ORDER BY made DESC LIMIT 1
      """,
      partition.values + [stage])
    guard let row = rows.first else { return nil }
    let inputs = try JSONDecoder().decode(
      [String: String].self, from: Data(try row.string("inputs").utf8))
    return (inputs, Double(try row.int("ms")) / 1000)
  }

  /// The mean of what a stage of a pipeline has taken, for whomever.
  func meanSeconds(of stage: String, _ pipeline: String) throws(Diagnostic) -> Double? {
    let row = try connection.query(
      "SELECT (avg(seconds) * 1000)::bigint::text AS ms FROM yearbook.result"
        + " WHERE pipeline = $1 AND stage = $2", [pipeline, stage]
    ).only()
    return try row.optionalString("ms").flatMap { Double($0) }.map { $0 / 1000 }
  }
}
