package import Basics
package import Diagnostics

extension ReleaseStore {
  /// Whether a partition's release has every byte that it was published with.
  package func isWhole(_ partition: ReleasePartition, _ head: Head) throws(Diagnostic) -> Bool {
    var verifier = Verifier(store: self, options: VerifyOptions(isDeep: true))
    verifier.ownerID = try claim(slug: partition.tenant)?.id
    verifier.verify(release: head.release, of: partition, tagManifest: head.tagManifest)
    return verifier.found.faults.isEmpty
  }

  /// Puts a damaged or lost payload file of a release back, if its bytes are still somewhere: in
  /// another release of the partition, or in the workspace.
  ///
  /// The release is then what it was when it was published, so no head changes. Its manifest must
  /// be undamaged.
  ///
  /// - Parameters:
  ///   - path: The file's path, relative to the store's root.
  ///   - blob: The path of a file that has these bytes, for a digest and the tenant's id.
  /// - Returns: Whether it was put back.
  package func repair(
    _ path: String, in partition: ReleasePartition, blob: (SHA256Digest, String) -> String
  ) throws(Diagnostic) -> Bool {
    let parts = path.dropFirst(partition.path.utf8.count + 1).split(separator: "/").map(String.init)
    guard parts.count >= 4, parts[0] == "releases", parts[2] == "data",
      let digest = try publishedDigest(parts[1], parts[2...].joined(separator: "/"), partition)
    else { return false }
    try refuseLinks(above: "\(partition.path)/releases/\(parts[1])/data")
    let name = parts[2...].joined(separator: "/")
    var sources = try releases(partition).filter { $0 != parts[1] }.map { release in
      self.path("\(partition.path)/releases/\(release)/\(name)")
    }
    if let owner = try claim(slug: partition.tenant)?.id { sources.append(blob(digest, owner)) }
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    for source in sources where FileReader.status(source)?.kind == .file {
      let copy = staging.freshPath()
      guard try self.copy(source, to: copy) == digest else { continue }
      try disk.makeFolders(
        self.path(path).split(separator: "/", omittingEmptySubsequences: false).dropLast()
          .joined(separator: "/"))
      try sync()
      // What is there is damaged, whatever it is: a folder cannot be replaced.
      if FileReader.status(self.path(path))?.kind == .folder { try disk.remove(self.path(path)) }
      try PartitionLock.hold(partition, in: self) { () throws(Diagnostic) in
        try disk.rename(copy, to: self.path(path))
      }
      try sync()
      return true
    }
    return false
  }

  /// Makes the newest head the one that `latest.json` repeats, if that is damaged or older.
  package func repairPointer(_ partition: ReleasePartition) throws(Diagnostic) {
    let batch = ReleaseBatch(store: self, batch: [])
    _ = try batch.current(partition, of: try claim(slug: partition.tenant)?.id)
    try sync()
  }

  /// The partition that a path of the store is in; `nil` for a path outside of all partitions.
  package static func partition(of path: String) -> ReleasePartition? {
    var parts = path.split(separator: "/").map(String.init)
    guard let first = parts.first else { return nil }
    parts.removeFirst()
    var owner = ReleaseTenant.operatorName
    if first == "tenants" {
      guard let slug = parts.first, Name.isSlug(slug) else { return nil }
      owner = slug
      parts.removeFirst()
    } else if first != "operator" {
      return nil
    }
    guard parts.count >= 2, Name.isSlug(parts[0]), Name.isPeriod(parts[1]) else { return nil }
    return ReleasePartition(tenant: owner, pipeline: parts[0], period: parts[1])
  }

  /// The digest that a payload file was published with, if all that says so is undamaged.
  private func publishedDigest(
    _ release: String, _ name: String, _ partition: ReleasePartition
  ) throws(Diagnostic) -> SHA256Digest? {
    let folder = path("\(partition.path)/releases/\(release)")
    let named = try heads(partition) + [newest(partition)].compactMap { $0 }
    guard let head = named.last(where: { $0.release == release }),
      let tags = try FileReader.contents("\(folder)/\(Bag.tagManifestName)"),
      SHA256Digest(of: tags) == head.tagManifest,
      let bytes = try FileReader.contents("\(folder)/\(Bag.manifestName)"),
      Manifest(bytes: tags)?.digests[Bag.manifestName] == SHA256Digest(of: bytes)
    else { return nil }
    return Manifest(bytes: bytes)?.digests[name]
  }

  /// Copies a file into the store and returns the digest of what was copied.
  private func copy(_ source: String, to target: String) throws(Diagnostic) -> SHA256Digest {
    let copy = try disk.create(target, mode: 0o444)
    var hasher = SHA256Hasher()
    try FileReader.forEachPiece(of: source) { piece throws(Diagnostic) in
      hasher.update(piece)
      try disk.write(piece, to: copy, at: target)
    }
    return hasher.digest()
  }
}
