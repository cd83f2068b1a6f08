package import Diagnostics
import Foundation
import Postgres

extension RunRecord {
  /// Writes what a run does now, and how far it is; returns whether somebody asked it to stop.
  func isCancelled(
    _ run: String, doing activity: RunActivity, _ counts: RunCounts, measures: String = "[]"
  ) throws(Diagnostic) -> Bool {
    let json = try Self.json(of: activity)
    let rows = try connection.query(
      """
      UPDATE yearbook.run SET doing = $2::jsonb, planned = $3, published = $4, unchanged = $5,
        failed = $6, skipped = $7, stages_run = $8, stages_found = $9, warnings = $10,
        measures = $11::jsonb
      WHERE id = $1 AND state = 'running' RETURNING is_cancelled
      """, [run, json] + counts.values + [measures])
    return try rows.first?.bool("is_cancelled") ?? false
  }

  /// What a run does now; `nil` if it has not said so, or has ended.
  package func activity(of run: String) throws(Diagnostic) -> RunActivity? {
    let rows = try connection.query(
      "SELECT doing::text AS doing FROM yearbook.run WHERE id = $1 AND state = 'running'", [run])
    guard let json = try rows.first?.optionalString("doing") else { return nil }
    return Self.activity(json)
  }

  /// What a run does, as the record keeps it.
  static func json(of activity: RunActivity) throws(Diagnostic) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    encoder.dateEncodingStrategy = .iso8601
    do {
      return String(decoding: try encoder.encode(activity), as: UTF8.self)
    } catch {
      throw Diagnostic(.bug, "what the run does cannot be written", underlying: error)
    }
  }

  /// What a run does, as the record kept it; `nil` if a newer program's run said it in another
  /// form.
  static func activity(_ json: String) -> RunActivity? {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    do {
      return try decoder.decode(RunActivity.self, from: Data(json.utf8))
    } catch {
      return nil
    }
  }
}
