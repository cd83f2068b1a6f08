import Basics
package import Diagnostics
import Foundation

/// A run that is handed out in run shards, as `yearbook plan` prints it and engines keep it.
///
/// The record holds what each shard is: a file that was changed on its way can name another run,
/// but never another tenant.
package struct ShardPlan: Sendable, Codable, Equatable {
  /// One run shard.
  package struct Shard: Sendable, Codable, Equatable {
    /// From 0.
    package var shard: Int
    package var tenants: Int
    package var partitions: Int
    /// How long its work is expected to take on one machine, if everything must be made.
    package var seconds: Double
  }

  /// The version of this form.
  package var format = 1
  /// The run's id.
  package var run: String
  /// The schedule or pipeline.
  package var name: String
  /// The moment that all shards take as now.
  package var asOf: String
  package var shards: [Shard]

  private enum CodingKeys: String, CodingKey {
    case format, run, name, shards
    case asOf = "as_of"
  }

  /// The most shards of a run. Airflow maps no more than 1,024 tasks, and 256 hosts are many for
  /// one record.
  package static let most = 256
  /// `--shards auto`: so much work is worth a task of its own.
  static let secondsOfShard = 600.0

  /// The run's id that a person or an engine names: by a file that `plan` printed, or as it is.
  ///
  /// - Throws: `usage` if it is neither.
  package static func run(named text: String) throws(Diagnostic) -> String {
    if isID(text) { return text }
    guard let bytes = try FileReader.contents(text) else {
      throw Diagnostic(
        .usage, "\(ShownValue.quoted(text)) is neither a file nor a run's id",
        hint: "name the file that `yearbook plan NAME --json` wrote, or the id in it")
    }
    do {
      let plan = try JSONDecoder().decode(ShardPlan.self, from: Data(bytes))
      if plan.format == 1, isID(plan.run) { return plan.run }
    } catch {}
    throw Diagnostic(
      .usage, "the file is not a plan of this version", at: .init(file: text),
      hint: "write one with: yearbook plan NAME --json >plan.json")
  }

  /// `20261120T031502-7f3a0c`
  private static func isID(_ text: String) -> Bool {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count == 2 && parts[0].count == 15 && parts[1].count == 6
      && parts[0].utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x54 }
      && parts[1].utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// The number of shards for so much work.
  static func count(seconds: Double, tenants: Int) -> Int {
    max(1, min(most, tenants, Int((seconds / secondsOfShard).rounded(.up))))
  }
}
