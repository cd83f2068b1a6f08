import Pipelines

extension Fingerprints.State {
  /// What decides the datasets of a partition whose rows lie on several shards. `nil` if the shards
  /// do not agree on when its period begins and ends, by their tables of time zones.
  ///
  /// - Parameters:
  ///   - parts: what decides the rows of each shard that can hold some, in the order of the shards.
  ///   - merging: what else decides the dataset that is made of them.
  package init?(
    _ parts: [(shard: Int, state: Fingerprints.State)], merging: [(name: String, value: String)]
  ) {
    guard let first = parts.first?.state,
      parts.allSatisfy({
        $0.state.reach.cutoff == first.reach.cutoff && $0.state.previousEnd == first.previousEnd
      })
    else { return nil }
    var inputs = KeyInputs(
      stage: first.inputs.parts["stage"] ?? "",
      version: first.inputs.parts["version"].flatMap { Int($0) } ?? 0)
    inputs.add("shards", parts.map { String($0.shard) }.joined(separator: " "))
    for (name, value) in merging { inputs.add(name, value) }
    // What all shards share is named once, such as the digest of the SQL.
    let names = Set(parts.flatMap { $0.state.inputs.parts.keys }).subtracting(["stage", "version"])
    for name in names {
      let values = parts.map { $0.state.inputs.parts[name] }
      if let shared = values[0], values.allSatisfy({ $0 == shared }), !name.hasPrefix("table ") {
        inputs.add(name, shared)
        continue
      }
      for (part, value) in zip(parts, values) {
        guard let value else { continue }
        inputs.add("\(name) of the shard \(part.shard)", value)
      }
    }
    let reaches = parts.map(\.state.reach)
    self.init(
      inputs: inputs,
      reach: Fingerprints.Reach(
        cutoff: first.reach.cutoff, next: reaches.compactMap(\.next).min(),
        previousEndFrom: reaches.compactMap(\.previousEndFrom).max(),
        previousEndTo: reaches.compactMap(\.previousEndTo).min()),
      previousEnd: first.previousEnd)
  }
}
