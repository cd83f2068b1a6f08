import Basics
import Diagnostics
import Glibc
import ObjectStorage

extension TenantMirroring {
  /// A partition's heads and pointers, read at one moment.
  struct Statements {
    var latest: Head
    var latestBytes: [UInt8]
    /// The heads that are not pruned, by growing sequence.
    var heads: [(head: Head, bytes: [UInt8], signature: [UInt8]?)] = []
    var prunings = Prunings()
    var prunedFile: [UInt8]?
    var prunedSignature: [UInt8]?
  }

  /// Copies a partition: its releases, then their heads, then the pointer.
  ///
  /// A release can be pruned while it is copied. So a failure counts only if the heads are still
  /// those that were read.
  mutating func mirror(_ partition: ReleasePartition) throws(Diagnostic) {
    for round in 1...Self.mostRounds {
      guard let statements = try statements(of: partition) else { return }
      do throws(Diagnostic) {
        return try mirror(partition, as: statements)
      } catch {
        let isFinal = round == Self.mostRounds || [.unavailable, .interrupted].contains(error.code)
        let standing = isFinal ? statements : try self.statements(of: partition)
        if standing?.heads.map(\.head) == statements.heads.map(\.head) { throw error }
      }
    }
  }

  private mutating func mirror(
    _ partition: ReleasePartition, as statements: Statements
  ) throws(Diagnostic) {
    let place = partition.path
    let pointer = try pointer(of: partition, statements)
    try refuseAnother(partition, statements, pointer)
    // What was withdrawn before it was in the bucket never gets there.
    let isWithdrawn = statements.latest.isWithdrawn
    let isTakenBack = partition.isShare && isWithdrawn
    if isTakenBack { try putGone(partition) }
    for release in isWithdrawn ? [] : Set(statements.heads.map(\.head.release)).sorted() {
      let folder = "\(place)/releases/\(release)"
      // A lost release is reported by `verify`; readers only need the newest.
      if FileReader.status(store.path(folder)) == nil, release != statements.latest.release {
        continue
      }
      try put(release: folder)
    }
    for entry in statements.heads {
      let path = "\(place)/heads/\(entry.head.sequence).json"
      if let signature = entry.signature { try putAnew(path + ".sig", signature) }
      try put(entry.head, entry.bytes, at: path, newest: pointer?.head?.sequence ?? 0)
    }
    try swap(pointer, to: statements, of: partition)
    if let file = statements.prunedFile {
      if let signature = statements.prunedSignature {
        try putAnew("\(place)/\(Prunings.signatureName)", signature)
      }
      try putAnew("\(place)/\(Prunings.fileName)", file)
    }
    if options.replaces { try removeHeads(above: statements.latest.sequence, of: partition) }
    if isTakenBack {
      try clear(partition, statements)
    } else if let grace = options.grace ?? (partition.isShare ? Self.shareGrace : nil) {
      try prune(
        partition, statements, before: pointer?.head, grace: grace, now: Int(time(nil)))
    }
  }

  private func statements(
    of partition: ReleasePartition
  ) throws(Diagnostic) -> Statements? {
    let place = store.path(partition.path)
    return try PartitionLock.hold(partition, in: store, writing: false) {
      () throws(Diagnostic) -> Statements? in
      guard let latest = try store.latest(partition),
        let bytes = try FileReader.contents(place + "/latest.json")
      else { return nil }
      var statements = Statements(latest: latest, latestBytes: bytes)
      statements.prunings = try store.prunings(partition) ?? Prunings()
      statements.prunedFile = try FileReader.contents("\(place)/\(Prunings.fileName)")
      statements.prunedSignature = try FileReader.contents("\(place)/\(Prunings.signatureName)")
      for head in try store.heads(partition)
      where head.sequence <= latest.sequence && !statements.prunings.containsHead(head.sequence) {
        let path = store.headPath(partition, head.sequence)
        guard let bytes = try FileReader.contents(path) else { continue }
        statements.heads.append((head, bytes, try FileReader.contents(path + ".sig")))
      }
      return statements
    }
  }

  // MARK: - Releases

  private mutating func put(release folder: String) throws(Diagnostic) {
    var digests: [String: SHA256Digest] = [:]
    for name in [Bag.manifestName, Bag.tagManifestName] {
      guard let bytes = try FileReader.contents(store.path("\(folder)/\(name)")),
        let manifest = Manifest(bytes: bytes)
      else { throw ObjectClient.damaged(store.path("\(folder)/\(name)")) }
      digests.merge(manifest.digests) { first, _ in first }
    }
    for name in digests.keys where FileReader.status(store.path("\(folder)/\(name)")) == nil {
      throw ObjectClient.damaged(store.path("\(folder)/\(name)"))
    }
    var found: Set<String> = []
    try put(filesOf: folder, below: "", digests, &found)
    // It can be pruned while it is copied: no head must lead readers to a part of it.
    for name in digests.keys + [Bag.tagManifestName] where !found.contains(name) {
      throw ObjectClient.damaged(store.path("\(folder)/\(name)"))
    }
  }

  /// - Parameter found: gets the names of the files that are in the bucket now.
  private mutating func put(
    filesOf release: String, below folder: String, _ digests: [String: SHA256Digest],
    _ found: inout Set<String>
  ) throws(Diagnostic) {
    for name in try FileReader.names(in: store.path("\(release)/\(folder)")) {
      let inRelease = folder.isEmpty ? name : folder + "/" + name
      let path = release + "/" + inRelease
      guard let status = FileReader.status(store.path(path)) else { continue }
      if status.kind == .folder { try put(filesOf: release, below: inRelease, digests, &found) }
      let isNamed =
        digests[inRelease] != nil || [Bag.tagManifestName, Bag.signatureName].contains(name)
      guard status.kind == .file, isNamed else { continue }
      if listed[path]?.byteCount != status.byteCount {
        try put(file: path, status, digests[inRelease])
      }
      found.insert(inRelease)
    }
  }

  private mutating func put(
    file path: String, _ status: FileStatus, _ digest: SHA256Digest?
  ) throws(Diagnostic) {
    if status.byteCount < ObjectClient.largeFile {
      guard let bytes = try FileReader.contents(store.path(path)),
        digest == nil || SHA256Digest(of: bytes) == digest
      else { throw ObjectClient.damaged(store.path(path)) }
      return try putOnce(path, bytes)
    }
    let condition: PutCondition = listed[path].map { .over(tag: $0.tag) } ?? .absent
    try begun.note(path)
    if try !client.putInParts(path, file: store.path(path), digest: digest, when: condition) {
      let there = try client.list(path).first { $0.path == path }
      guard there?.byteCount == status.byteCount else { throw conflict(path) }
    }
    outcome.putCount += 1
    outcome.putBytes += status.byteCount
  }

  // MARK: - Heads and the pointer

  /// The bucket's `latest.json`.
  struct Pointer {
    var tag: String
    var bytes: [UInt8]
    var head: Head?
  }

  private func pointer(
    of partition: ReleasePartition, _ statements: Statements
  ) throws(Diagnostic) -> Pointer? {
    let path = partition.path + "/latest.json"
    guard let known = listed[path] else { return nil }
    if known.tag == ObjectClient.tag(of: statements.latestBytes) {
      return Pointer(
        tag: known.tag, bytes: statements.latestBytes, head: statements.latest)
    }
    return try readPointer(path)
  }

  private func readPointer(_ path: String) throws(Diagnostic) -> Pointer? {
    try client.get(path).map { Pointer(tag: $0.tag, bytes: $0.bytes, head: Head(bytes: $0.bytes)) }
  }

  /// Throws, before anything is written, if the bucket's heads or pointer are not of this store.
  private func refuseAnother(
    _ partition: ReleasePartition, _ statements: Statements, _ pointer: Pointer?
  ) throws(Diagnostic) {
    guard !options.replaces else { return }
    for entry in statements.heads {
      let path = "\(partition.path)/heads/\(entry.head.sequence).json"
      if listed[path] != nil, try !isThere(path, entry.bytes) { throw conflict(path) }
    }
    if let pointer, let head = pointer.head, head.sequence >= statements.latest.sequence,
      pointer.bytes != statements.latestBytes
    {
      try refuse(pointer, head, of: partition)
    }
  }

  /// Throws unless this store has that head now: then another host has mirrored it.
  private func refuse(
    _ pointer: Pointer, _ head: Head, of partition: ReleasePartition
  ) throws(Diagnostic) {
    if try FileReader.contents(store.headPath(partition, head.sequence)) == pointer.bytes { return }
    throw conflict(partition.path + "/latest.json")
  }

  private mutating func put(
    _ head: Head, _ bytes: [UInt8], at path: String, newest: Int
  ) throws(Diagnostic) {
    guard let known = listed[path] else { return try putOnce(path, bytes) }
    // A mirroring that died wrote it before readers were led to it. Write it again: pruning uses
    // its time.
    if head.sequence <= newest, try isThere(path, bytes) { return }
    guard try client.put(path, bytes, when: .over(tag: known.tag)) else { throw conflict(path) }
    noteAsPut(path, bytes)
  }

  /// Replaces the bucket's pointer with the store's, unless somebody has made it newer meanwhile.
  private mutating func swap(
    _ pointer: Pointer?, to statements: Statements, of partition: ReleasePartition
  ) throws(Diagnostic) {
    let path = partition.path + "/latest.json"
    var pointer = pointer
    for _ in 0..<5 {
      if pointer?.bytes == statements.latestBytes { return }
      if let pointer, let other = pointer.head, other.sequence >= statements.latest.sequence,
        !options.replaces
      {
        return try refuse(pointer, other, of: partition)
      }
      let condition: PutCondition = pointer.map { .over(tag: $0.tag) } ?? .absent
      if try client.put(path, statements.latestBytes, when: condition) {
        return noteAsPut(path, statements.latestBytes)
      }
      pointer = try readPointer(path)
    }
    throw Diagnostic(
      .busy, "\(client.bucket)/\(path) is changed by others all the time",
      hint: "run `yearbook mirror`", isTransient: true)
  }
}
