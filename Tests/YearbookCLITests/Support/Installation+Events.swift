import Foundation

extension Installation {
  /// The batches that a run extracted, and how many of its partitions were known.
  static func read(_ output: String) throws -> (extracted: Int, unchanged: Int) {
    var (extracted, unchanged) = (0, 0)
    for line in output.split(separator: "\n") {
      guard
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      else { continue }
      if event["event"] as? String == "extracted" { extracted += event["tenants"] as? Int ?? 0 }
      if event["event"] as? String == "fingerprinted" {
        unchanged += event["unchanged"] as? Int ?? 0
      }
    }
    return (extracted, unchanged)
  }
}
