import Diagnostics
import FoundationEssentials

/// `pruned.json`: the heads and releases of a partition that were removed on purpose. `verify`
/// needs it to tell them from lost ones.
///
/// It becomes durable before anything is removed. If a pruner dies, it leaves heads and releases
/// that the file names: no page leads to them, and the next pruner removes them.
struct Prunings: Decodable, Hashable {
  static let fileName = "pruned.json"
  static let signatureName = "pruned.json.sig"

  /// Sequences whose heads are gone, as closed ranges in growing order.
  private(set) var heads: [[Int]] = []
  /// Releases that the last pruning removes or has removed.
  private(set) var releases: [String] = []
  /// Whose file it is; `nil` in files that were made before they named it.
  var binding: Binding?

  private enum CodingKeys: String, CodingKey { case heads, releases }

  init() {}

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    heads = try values.decode([[Int]].self, forKey: .heads)
    releases = try values.decode([String].self, forKey: .releases)
    binding = try Binding(decoder)
  }

  /// Reads the file's bytes; `nil` if they are not a valid `pruned.json`.
  init?(bytes: [UInt8]) {
    do {
      self = try JSONDecoder().decode(Prunings.self, from: Data(bytes))
    } catch {
      return nil
    }
    let isOrdered = zip(heads, heads.dropFirst()).allSatisfy { $0.last ?? 0 < $1.first ?? 0 }
    guard isOrdered,
      heads.allSatisfy({
        $0.count == 2 && 0 < $0[0] && $0[0] <= $0[1] && $0[1] <= Head.mostSequence
      }),
      releases.allSatisfy(Name.isFileName)
    else { return nil }
  }

  var bytes: [UInt8] {
    JSONText.object(
      (binding?.members ?? []) + [
        ("heads", .array(heads.map { .array($0.map { .integer($0) }) })),
        ("releases", .array(releases.map { .string($0) })),
      ]
    ).bytes
  }

  func containsHead(_ sequence: Int) -> Bool {
    heads.contains { $0[0] <= sequence && sequence <= $0[1] }
  }

  /// Adds heads, and replaces the list of releases that are being removed.
  mutating func add(heads sequences: [Int], releases: [String]) {
    self.releases = releases.sorted()
    var all = heads + sequences.map { [$0, $0] }
    all.sort { $0[0] < $1[0] }
    heads = []
    for range in all {
      if let last = heads.last, range[0] <= last[1] + 1 {
        heads[heads.count - 1][1] = max(last[1], range[1])
      } else {
        heads.append(range)
      }
    }
  }
}
