import Basics
import Diagnostics
import ObjectStorage

extension TenantMirroring {
  /// Removes from the bucket what was pruned in the store: heads first, then the releases.
  ///
  /// Removes only what `pruned.json` names and what no head names. What the store lost by accident
  /// stays in the bucket.
  ///
  /// - Parameters:
  ///   - before: The pointer when this mirroring began. A reader can be at that release.
  ///   - grace: Seconds that a release stays after another replaced it in the bucket.
  ///   - now: Seconds since 1970.
  mutating func prune(
    _ partition: ReleasePartition, _ statements: Statements, before: Head?, grace: Int, now: Int
  ) throws(Diagnostic) {
    let place = partition.path
    var objects: [String: [String]] = [:]
    var numbers: Set<Int> = []
    for path in listed.keys {
      if path.hasPrefix(place + "/releases/"),
        let id = path.dropFirst(place.count + 10).split(separator: "/").first
      {
        objects[String(id), default: []].append(path)
      } else if path.hasPrefix(place + "/heads/"), path.hasSuffix(".json"),
        let number = Int(path.dropFirst(place.count + 7).dropLast(5))
      {
        numbers.insert(number)
      }
    }
    let present = try store.releases(partition)
    // A head that says that the partition is withdrawn needs no release.
    let naming = (statements.heads.map(\.head) + [statements.latest, before].compactMap { $0 })
      .filter { !$0.isWithdrawn }
    let standing = Set(naming.map(\.release) + present)
    // Releases that heads in the bucket name and that the store no longer has.
    var named: [String: Int] = [:]
    var pruned: [Int: String] = [:]
    let known = Set(statements.heads.map(\.head.sequence))
    if objects.keys.allSatisfy(standing.contains), numbers.isSubset(of: known) { return }
    for number in numbers.subtracting(known).sorted() {
      guard let bytes = try client.get("\(place)/heads/\(number).json")?.bytes,
        let head = Head(bytes: bytes)
      else { continue }
      named[head.release] = max(named[head.release] ?? 0, number)
      if statements.prunings.containsHead(number) { pruned[number] = head.release }
    }
    let kept = Set(
      named.filter { pruned[$0.value] == nil }.map(\.key))
    let going = objects.keys.filter { id in
      guard !standing.contains(id), !kept.contains(id) else { return false }
      guard let last = named[id] else {
        // Another mirroring can be about to write its head, if it was pruned since it was copied.
        return (objects[id] ?? []).allSatisfy { listed[$0]?.modified ?? .max <= now - grace }
      }
      let next = numbers.filter { $0 > last }.min()
      let replaced = next.flatMap { listed["\(place)/heads/\($0).json"]?.modified } ?? .max
      return replaced <= now - grace
    }.sorted()
    let heads = pruned.filter { _, release in
      going.contains(release) || standing.contains(release) || objects[release] == nil
    }.keys.sorted()
    let headPaths = heads.flatMap { number in
      ["\(place)/heads/\(number).json.sig", "\(place)/heads/\(number).json"].filter {
        listed[$0] != nil
      }
    }
    try remove(headPaths)
    for id in going { try remove((objects[id] ?? []).sorted()) }
  }

  /// Seconds for which a reader can be at what a share showed before.
  static let shareGrace = 86_400

  /// Leads readers of a share that was taken back to nothing, before its files go.
  mutating func putGone(_ share: ReleasePartition) throws(Diagnostic) {
    for name in [ReleaseStore.goneName, "index.html"] {
      let path = "\(share.path)/\(name)"
      guard let bytes = try FileReader.contents(store.path(path)) else { continue }
      try putAnew(path, bytes)
    }
  }

  /// Removes at once what a share showed that was taken back, with the heads that named it.
  mutating func clear(
    _ share: ReleasePartition, _ statements: Statements
  ) throws(Diagnostic) {
    takenBack.insert(share)
    let known = Set(statements.heads.map(\.head.sequence))
    let (releases, heads) = ("\(share.path)/releases/", "\(share.path)/heads/")
    let going = listed.keys.filter { path in
      if path.hasPrefix(releases) { return true }
      guard path.hasPrefix(heads),
        let number = Int(path.dropFirst(heads.count).prefix { $0 != "." })
      else { return false }
      return !known.contains(number)
    }
    // Heads come before releases, also by their names.
    try remove(going.sorted())
  }

  /// Removes heads that a store restored to an older state does not have.
  mutating func removeHeads(above sequence: Int, of partition: ReleasePartition) throws(Diagnostic)
  {
    let folder = partition.path + "/heads/"
    let paths = listed.keys.filter { path in
      guard path.hasPrefix(folder),
        let number = Int(path.dropFirst(folder.count).prefix { $0 != "." })
      else { return false }
      return number > sequence
    }
    try remove(paths.sorted())
  }

  private mutating func remove(_ paths: [String]) throws(Diagnostic) {
    guard !paths.isEmpty else { return }
    let refused = try client.delete(paths)
    outcome.removedCount += paths.count - refused.count
    for path in paths { listed[path] = nil }
    if let first = refused.first {
      throw Diagnostic(
        .io,
        "\(client.bucket) refused to remove \(refused.count) objects (\(first.code)):"
          + " \(first.path)",
        hint: "check the bucket's locks and policies, then run `yearbook mirror`")
    }
  }
}
