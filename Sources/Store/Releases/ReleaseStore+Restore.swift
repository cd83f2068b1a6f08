import Basics
package import Diagnostics

extension ReleaseStore {
  /// Copies a release out of the store and compares every byte with its manifests.
  ///
  /// The folder appears in one move, when all of it is written and durable.
  ///
  /// - Parameters:
  ///   - folder: The folder to make. Nothing must exist at this path.
  ///   - identities: Keys that decrypt encrypted files. The copies then lack `.age` and are not a
  ///     bag.
  /// - Throws: `.usage` if `folder` exists, `.io` if the release is damaged.
  package func restore(
    _ partition: ReleasePartition, release: String, to folder: String,
    identities: [AgeIdentity] = []
  ) throws(Diagnostic) {
    guard FileReader.status(folder) == nil else {
      throw Diagnostic(
        .usage, "\(folder) exists already", hint: "name a folder that does not exist")
    }
    guard let head = try heads(partition).last(where: { $0.release == release }) else {
      throw Diagnostic(
        .usage, "\(partition) has no published release \(release)",
        hint: "to list its releases: `yearbook releases \(partition)`")
    }
    let source = "\(partition.path)/releases/\(release)"
    var verifier = Verifier(store: self, options: VerifyOptions(isDeep: true))
    verifier.ownerID = try claim(slug: partition.tenant)?.id
    verifier.verify(release: release, of: partition, tagManifest: head.tagManifest)
    if let fault = verifier.found.faults.first {
      throw Diagnostic(
        .io, "the release is damaged (\(fault.kind)): \(fault.path)",
        hint: "restore the store from a backup, then restore this release")
    }
    let parts = folder.split(separator: "/", omittingEmptySubsequences: false)
    let parent = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
    try own.makeFolders(parent.isEmpty ? "/" : parent)
    let beside = "\(folder).restoring"
    try own.remove(beside)
    do throws(Diagnostic) {
      try copy(path(source), to: beside, identities)
      try own.sync(beside)
      try own.rename(beside, to: folder)
    } catch {
      let cause = error
      do throws(Diagnostic) { try own.remove(beside) } catch { throw cause }
      throw cause
    }
    try own.sync(folder)
  }

  /// What is restored is not the store's any more: the umask decides who can read it.
  private var own: Disk { disk.followingUmask }

  private func copy(
    _ source: String, to target: String, _ identities: [AgeIdentity]
  ) throws(Diagnostic) {
    try own.makeFolders(target)
    for name in try FileReader.names(in: source) {
      let file = source + "/" + name
      if FileReader.status(file)?.kind == .folder {
        try copy(file, to: target + "/" + name, identities)
      } else if name.hasSuffix(".age"), !identities.isEmpty {
        try decrypt(file, to: target + "/" + name.dropLast(4), identities)
      } else {
        let copy = try own.create(target + "/" + name)
        try FileReader.forEachPiece(of: file) { piece throws(Diagnostic) in
          try own.write(piece, to: copy, at: target)
        }
      }
    }
  }

  private func decrypt(
    _ source: String, to target: String, _ identities: [AgeIdentity]
  ) throws(Diagnostic) {
    var decryptor = AgeDecryptor(identities, path: source)
    let copy = try own.create(target)
    func write(_ bytes: [UInt8]) throws(Diagnostic) { try own.write(bytes, to: copy, at: target) }
    try FileReader.forEachPiece(of: source) { piece throws(Diagnostic) in
      try decryptor.add(piece, write)
    }
    try decryptor.finish(write)
  }
}
