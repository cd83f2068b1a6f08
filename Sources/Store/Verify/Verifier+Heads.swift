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
    let prunings = prunings(folder)
    let (read, numbers) = heads(folder, prunings)
    var heads = read
    let latest = folder + "/latest.json"
    guard let highest = numbers.max() else {
      if kind(latest) != nil { note(.badHead, latest) }
      return Statements(prunings: prunings)
    }
    let bytes = self.read(latest)
    let told = bytes.flatMap(Head.init(bytes:))
    // Some heads can be lost, but a number far above the others is not a sequence.
    let newest = max(highest, told.map { $0.sequence < highest + 100 ? $0.sequence : 0 } ?? 0)
    for number in 1...newest where !numbers.contains(number) && !prunings.containsHead(number) {
      note(.missing, "\(folder)/heads/\(number).json")
    }
    noteBrokenChain(folder, heads)
    if let bytes, bytes != heads[newest]?.bytes {
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
      prunings.containsHead(newest) || prunings.releases.contains(head.release)
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
    _ folder: String, _ prunings: Prunings
  ) -> (heads: Heads, numbers: Set<Int>) {
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
      if let head = Head(bytes: bytes), head.sequence == number {
        heads[number] = (head, bytes)
      } else {
        note(.badHead, path)
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

  /// Notes heads that do not have the digest that the next head holds.
  private mutating func noteBrokenChain(_ folder: String, _ heads: Heads) {
    for (number, entry) in heads.sorted(by: { $0.key < $1.key }) {
      guard let expected = entry.head.previous, let before = heads[number - 1] else { continue }
      if SHA256Digest(of: before.bytes) != expected {
        note(.altered, "\(folder)/heads/\(number - 1).json")
      }
    }
  }

  private mutating func prunings(_ folder: String) -> Prunings {
    let path = "\(folder)/\(Prunings.fileName)"
    guard tree.status(path)?.kind == .file, let bytes = read(path) else {
      return Prunings()
    }
    verifySignature(path, bytes)
    guard let prunings = Prunings(bytes: bytes), prunings.bytes == bytes else {
      note(.badManifest, path)
      return Prunings()
    }
    return prunings
  }

  /// Checks the signature beside a file, if the options ask for it.
  mutating func verifySignature(_ path: String, _ bytes: [UInt8]) {
    guard options.signers != nil || options.isDeep else { return }
    guard tree.status(path + ".sig")?.kind == .file,
      let signature = read(path + ".sig")
    else {
      if options.signers != nil { note(.unsigned, path) }
      return
    }
    let isRight =
      if let signers = options.signers {
        signers.accept(signature, of: bytes)
      } else {
        SSHSignature(armored: signature)?.isValid(for: bytes) ?? false
      }
    if !isRight { note(.badSignature, path + ".sig") }
  }
}
