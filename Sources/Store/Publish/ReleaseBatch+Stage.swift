import Basics
import Diagnostics

// Everything here is written to the staging folder: readers cannot see it.
extension ReleaseBatch {
  /// What to do with a partition.
  enum Decision {
    case asItIs(Head)
    case changed(Staged)
  }

  /// Decides what to do with a partition, and writes what is new.
  func stage(_ pending: PendingRelease) throws(Diagnostic) -> Decision {
    try pending.validate()
    try claim(pending.tenant)
    let (previous, sequence) = try current(pending.partition, of: pending.tenant.id)
    let isWithdrawn = previous?.isWithdrawn ?? false
    // It stays withdrawn until somebody says otherwise.
    if let previous, isWithdrawn, !pending.replacesWithdrawn { return .asItIs(previous) }
    let metadata = pending.metadata
    let published = try previous.flatMap { head throws(Diagnostic) in
      try PublishedRelease(
        folder: store.path("\(pending.partition.path)/releases/\(head.release)"),
        readsAll: pending.readsPublished)
    }
    var isSame = published?.holds(pending.files) ?? false
    if isSame, pending.readsPublished, let previous {
      isSame = try store.isWhole(pending.partition, previous)
    }
    if let previous, isSame, isSigned(previous, pending.partition) {
      try refuseLinks(pending, previous)
      guard
        isWithdrawn || previous.status == .provisional && metadata.status != .provisional
      else { return .asItIs(previous) }
      let head = Head(
        of: pending, release: previous.release, sequence: sequence + 1, status: metadata.status,
        tagManifest: previous.tagManifest)
      var staged = Staged(index: 0, partition: pending.partition, head: head)
      staged.replacesWithdrawn = pending.replacesWithdrawn
      try writeHead(&staged)
      return .changed(staged)
    }
    let pending = try pending.completed()
    try store.refuseLinks(in: pending.partition)
    // What readers saw last, also if it was withdrawn since then.
    let shown =
      isWithdrawn ? try store.heads(pending.partition).last { !$0.isWithdrawn } : previous
    let wasFinal = shown.map { $0.status != .provisional } ?? false
    // The same payload again (because a file or a signature was missing) restates nothing.
    let status: ReleaseStatus =
      if wasFinal, let shown, published?.promises(pending.files) ?? false {
        shown.status
      } else {
        wasFinal && metadata.status == .final ? .restated : metadata.status
      }
    let bag = Bag(pending: pending, id: Self.freshID(metadata.created), status: status)
    let folder = try stagingFolder().freshPath()
    do throws(Diagnostic) {
      let tagManifest = try write(bag, to: folder, after: published)
      let head = Head(
        of: pending, release: bag.id, sequence: sequence + 1, status: status,
        tagManifest: tagManifest)
      var staged = Staged(index: 0, partition: pending.partition, head: head, folder: folder)
      staged.replacesWithdrawn = pending.replacesWithdrawn
      try writeHead(&staged)
      return .changed(staged)
    } catch {
      let cause = error
      // On a full disk the others need the space. What cannot be removed goes with the staging
      // folder.
      do throws(Diagnostic) { try store.disk.remove(folder) } catch { throw cause }
      throw cause
    }
  }

  /// Writes the head's bytes to the staging folder.
  func writeHead(_ staged: inout Staged) throws(Diagnostic) {
    guard staged.head.sequence <= Head.mostSequence else {
      throw Diagnostic(
        .io, "\(store.path(staged.partition.path))/heads has no sequence number left",
        hint: "somebody added a head with a huge number: `yearbook verify` names it; remove it")
    }
    let staging = try stagingFolder()
    let before = store.headPath(staged.partition, staged.head.sequence - 1)
    staged.head.previous = try FileReader.contents(before).map { SHA256Digest(of: $0) }
    let bytes = staged.head.bytes
    staged.headFiles = (staging.freshPath(".json"), staging.freshPath(".json"), nil)
    try store.disk.create(staged.headFiles.numbered, bytes, mode: 0o444)
    try store.disk.create(staged.headFiles.latest, bytes, mode: 0o444)
    if let signer = store.signer {
      let path = staging.freshPath(".sig")
      try store.disk.create(path, try signer.sign(bytes), mode: 0o444)
      staged.headFiles.signature = path
    }
  }

  /// Throws if a folder that leads to an unchanged release's files is a symbolic link. The files
  /// themselves are regular files.
  private func refuseLinks(_ pending: PendingRelease, _ head: Head) throws(Diagnostic) {
    let release = "\(pending.partition.path)/releases/\(head.release)"
    let heads = store.path(pending.partition.path + "/heads")
    if FileReader.status(heads)?.kind == .link { throw Disk.linked(heads, "open") }
    try store.refuseLinks(above: release + "/data")
    let inner = Set(
      pending.files.map(\.name).filter { $0.contains("/") }.map { name in
        name.split(separator: "/").dropLast().joined(separator: "/")
      })
    for folder in inner { try store.refuseLinks(above: "\(release)/data/\(folder)") }
  }

  /// Whether the release and its head are signed, or this store does not sign.
  private func isSigned(_ head: Head, _ partition: ReleasePartition) -> Bool {
    guard store.signer != nil else { return true }
    let place = store.path(partition.path)
    return [
      "\(place)/heads/\(head.sequence).json.sig",
      "\(place)/releases/\(head.release)/\(Bag.signatureName)",
    ].allSatisfy { FileReader.status($0)?.kind == .file }
  }

  /// Writes a bag's files and returns the digest of its tag manifest.
  private func write(
    _ bag: Bag, to folder: String, after published: PublishedRelease?
  ) throws(Diagnostic) -> SHA256Digest {
    try store.disk.makeFolders(folder + "/data")
    for file in bag.pending.files {
      let target = folder + "/data/" + file.name
      if let end = file.name.lastIndex(of: "/") {
        try store.disk.makeFolders(folder + "/data/" + file.name[..<end])
      }
      if let path = try published?.path(of: file),
        try store.disk.link(path, to: target) == .made
      {
        continue
      }
      try copy(file, to: target)
    }
    let tags = bag.files
    for tag in tags { try store.disk.create(folder + "/" + tag.name, tag.bytes, mode: 0o444) }
    let tagManifest = tags[tags.count - 1].bytes
    if let signer = store.signer {
      try store.disk.create(
        folder + "/" + Bag.signatureName, try signer.sign(tagManifest), mode: 0o444)
    }
    return SHA256Digest(of: tagManifest)
  }

  /// Copies a file's bytes and checks them against its digest and size.
  private func copy(_ file: ReleaseFile, to target: String) throws(Diagnostic) {
    switch file.content.source {
    case .bytes(let bytes):
      guard SHA256Digest(of: bytes) == file.digest, bytes.count == file.byteCount else {
        throw Diagnostic(.bug, "the bytes of \(file.name) do not match its digest")
      }
      try store.disk.create(target, bytes, mode: 0o444)
    case .file(let path):
      let copy = try store.disk.create(target, mode: 0o444)
      var hasher = SHA256Hasher()
      var count = 0
      try FileReader.forEachPiece(of: path) { piece throws(Diagnostic) in
        hasher.update(piece)
        count += piece.count
        try store.disk.write(piece, to: copy, at: target)
      }
      guard hasher.digest() == file.digest, count == file.byteCount else {
        throw BlobStore.damaged(path)
      }
    }
  }

  /// Sortable by time, unique by 40 random bits.
  private static func freshID(_ created: Int) -> String {
    let random = String(UInt64.random(in: 0..<(1 << 40)), radix: 36)
    let padding = String(repeating: "0", count: max(0, 8 - random.count))
    return "\(Timestamp.compact(created))-\(padding)\(random)"
  }
}

extension PendingRelease {
  /// The same release with all that it says of its files.
  fileprivate func completed() throws(Diagnostic) -> PendingRelease {
    guard let complete else { return self }
    var pending = self
    do {
      pending.files = try complete()
    } catch {
      throw error as? Diagnostic
        ?? Diagnostic(.bug, "the files of a release cannot be read", underlying: error)
    }
    return pending
  }
}
