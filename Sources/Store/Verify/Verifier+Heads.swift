import Basics
import Diagnostics

extension Verifier {
  /// What a partition's files outside of its releases say.
  struct Statements {
    /// The heads that can be read and are not pruned, by growing sequence.
    var heads: [Head] = []
    var prunings = Prunings()
  }

  /// Reads and checks a partition's heads, `pruned.json` and `latest.json`.
  mutating func statements(of partition: ReleasePartition) -> Statements {
    let folder = partition.path
    let prunings = prunings(partition)
    let (read, numbers) = heads(partition, prunings)
    var heads = read
    let latest = folder + "/latest.json"
    // Whoever adds a file with a huge number must not make us count to it.
    let known = read.keys.max() ?? 0
    guard let highest = numbers.filter({ $0 <= known + Head.mostLost }).max() else {
      if kind(latest) != nil {
        if tree.status(folder + "/heads") == nil { note(.missing, folder + "/heads") }
        if let told = self.read(latest).flatMap(Head.init(bytes:)) {
          note(.missing, "\(folder)/heads/\(told.sequence).json")
        }
        note(.badHead, latest)
      }
      return Statements(prunings: prunings)
    }
    let bytes = self.read(latest)
    var told = bytes.flatMap(Head.init(bytes:))
    // Another partition's pointer says nothing of which heads there were here.
    let isForeign = told?.binding.map { !$0.fits(partition, tenantID: ownerID) } ?? false
    if isForeign { told = nil }
    let newest = max(
      highest, told.map { $0.sequence < highest + Head.mostLost ? $0.sequence : 0 } ?? 0)
    let faultCount = found.faults.count
    noteMissing(folder, numbers, upTo: newest, prunings)
    let pruned = "\(folder)/\(Prunings.fileName)"
    // A pruner puts the signature there first. But as long as only that is there, no head is gone.
    if found.faults.count > faultCount, tree.status(pruned) == nil,
      tree.status(pruned + ".sig") != nil
    {
      note(.missing, pruned)
    }
    noteBrokenChain(folder, heads)
    if isForeign {
      note(.wrongPlace, latest)
    } else if let bytes, bytes != heads[newest]?.bytes {
      if heads.contains(where: { $0.key < newest && $0.value.bytes == bytes }) {
        note(.rolledBack, latest)
      } else if heads[newest] == nil, let told, told.sequence == newest {
        // The numbered head is noted already; `latest.json` has what it said.
        heads[newest] = (told, bytes)
      } else {
        note(.badHead, latest)
        // Both can be read. Without a signature nobody can tell which of them was changed.
        if told != nil, heads[newest] != nil { note(.badHead, "\(folder)/heads/\(newest).json") }
      }
    }
    if let least = options.sequences[partition], newest < least { note(.rolledBack, latest) }
    if let head = heads[newest]?.head,
      prunings.containsHead(newest)
        || !head.isWithdrawn && prunings.releases.contains(head.release)
    {
      note(.badManifest, "\(folder)/\(Prunings.fileName)")
    }
    let standing = heads.values.map(\.head).filter {
      $0.sequence == newest || !prunings.containsHead($0.sequence)
    }
    return Statements(
      heads: standing.sorted { $0.sequence < $1.sequence }, prunings: prunings)
  }

  private typealias Heads = [Int: (head: Head, bytes: [UInt8])]

  /// The heads that can be read, and the numbers of all heads.
  private mutating func heads(
    _ partition: ReleasePartition, _ prunings: Prunings
  ) -> (heads: Heads, numbers: Set<Int>) {
    let folder = partition.path
    var heads: Heads = [:]
    var numbers: Set<Int> = []
    var signatures: Set<Int> = []
    for name in names(folder + "/heads") {
      let path = "\(folder)/heads/\(name)"
      guard let kind = kind(path) else { continue }
      let stem = name.hasSuffix(".sig") ? name.dropLast(4) : name[...]
      guard kind == .file, stem.hasSuffix(".json"), let number = Int(stem.dropLast(5)),
        stem == "\(number).json", (1...Head.mostSequence).contains(number)
      else {
        note(.extra, path)
        continue
      }
      if stem.count != name.count {
        signatures.insert(number)
        continue
      }
      numbers.insert(number)
      if prunings.containsHead(number) { note(.leftover, path) }
      guard let bytes = read(path) else { continue }
      guard let head = Head(bytes: bytes), head.sequence == number else {
        note(.badHead, path)
        continue
      }
      heads[number] = (head, bytes)
      if let binding = head.binding {
        isBound = true
        if !binding.fits(partition, tenantID: ownerID) { note(.wrongPlace, path) }
      } else {
        found.unboundCount += 1
      }
    }
    for number in signatures.subtracting(numbers).sorted() {
      note(.leftover, "\(folder)/heads/\(number).json.sig")
    }
    for number in numbers.sorted() where !prunings.containsHead(number) {
      guard let bytes = heads[number]?.bytes else { continue }
      verifySignature("\(folder)/heads/\(number).json", bytes)
    }
    return (heads, numbers)
  }

  /// Notes the numbers between heads that neither a head nor `pruned.json` has; of a large gap, the
  /// first ones.
  private mutating func noteMissing(
    _ folder: String, _ numbers: Set<Int>, upTo newest: Int, _ prunings: Prunings
  ) {
    let present = numbers.filter { $0 <= newest }.map { [$0, $0] }
    var next = 1
    for range in (present + prunings.heads + [[newest + 1, newest + 1]]).sorted(by: {
      $0[0] < $1[0]
    }) {
      if next > newest { break }
      let end = min(range[0], newest + 1)
      for number in next..<max(next, min(end, next + Head.mostLost)) {
        note(.missing, "\(folder)/heads/\(number).json")
      }
      next = max(next, range[1] + 1)
    }
  }

  /// Notes heads that do not have the digest that the next head holds.
  private mutating func noteBrokenChain(_ folder: String, _ heads: Heads) {
    for (number, entry) in heads.sorted(by: { $0.key < $1.key }) {
      guard let expected = entry.head.previous, let before = heads[number - 1] else { continue }
      if SHA256Digest(of: before.bytes) != expected {
        note(.altered, "\(folder)/heads/\(number - 1).json")
      }
    }
  }

  private mutating func prunings(_ partition: ReleasePartition) -> Prunings {
    let path = "\(partition.path)/\(Prunings.fileName)"
    guard tree.status(path)?.kind == .file, let bytes = read(path) else {
      return Prunings()
    }
    verifySignature(path, bytes, isOnlyProof: true)
    guard let prunings = Prunings(bytes: bytes), prunings.bytes == bytes else {
      note(.badManifest, path)
      return Prunings()
    }
    if let binding = prunings.binding, !binding.fits(partition, tenantID: ownerID) {
      note(.wrongPlace, path)
      return Prunings()
    }
    return prunings
  }

  /// Checks the signature beside a file, if the options ask for it.
  ///
  /// - Parameters:
  ///   - isAsked: Whether the result is needed also if the options do not ask.
  ///   - isOnlyProof: Whether no digest elsewhere tells which of the two was changed: both are
  ///     named then.
  /// - Returns: Whether there is a signature that is right: by one of the signers, if they are
  ///   known, else over these bytes.
  @discardableResult
  mutating func verifySignature(
    _ path: String, _ bytes: [UInt8], isAsked: Bool = false, isOnlyProof: Bool = false
  ) -> Bool {
    guard tree.status(path + ".sig")?.kind == .file,
      let signature = read(path + ".sig")
    else {
      if options.signers != nil { note(.unsigned, path) }
      return false
    }
    guard options.signers != nil || options.isDeep || isAsked else { return true }
    let isRight =
      if let signers = options.signers {
        signers.accept(signature, of: bytes)
      } else {
        SSHSignature(armored: signature)?.isValid(for: bytes) ?? false
      }
    if !isRight {
      note(.badSignature, path + ".sig")
      if isOnlyProof { note(.badSignature, path) }
    }
    return isRight
  }
}
