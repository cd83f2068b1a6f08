import Basics
package import Diagnostics
import ObjectStorage

extension BucketMirror {
  /// The slugs of all tenants that have objects in the bucket, and the operator's name if it has
  /// some.
  package func tenants() throws(Diagnostic) -> [String] {
    var slugs = try client.folders("tenants/")
    if try !client.folders("").filter({ $0 == "operator" }).isEmpty {
      slugs.append(ReleaseTenant.operatorName)
    }
    return slugs
  }

  /// Compares what the bucket has of a tenant with its manifests, as a store is verified.
  ///
  /// The sequences show if the bucket is behind the store. It lists the tenant's objects and reads
  /// its heads and tag files; if `options.isDeep`, it reads every object.
  package func verify(
    tenant slug: String, _ options: VerifyOptions
  ) throws(Diagnostic) -> Verification {
    var options = options
    // They are made from the store, and the store's own pages are compared with them.
    options.pages = nil
    // A mirroring in progress would look like faults.
    let lock = try MirrorLock(slug, in: store, writing: false)
    defer { withExtendedLifetime(lock) {} }
    for partition in try store.everything(tenant: slug) {
      let sequence = try store.newest(partition)?.sequence ?? 0
      options.sequences[partition] = max(options.sequences[partition] ?? 0, sequence)
    }
    options.sequences = options.sequences.filter { $0.key.tenant == slug && $0.value > 0 }
    let objects = try client.list(ReleaseTenant.folder(slug) + "/")
    var verifier = Verifier(
      tree: StoreBucket(client: client, objects: objects), options: options)
    // The operator's folder has no heads of its own in most stores, so the store tells whether its
    // pages are signed.
    verifier.isStoreBound =
      try FileReader.contents(
        store.path("\(ReleaseTenant.folder(slug))/\(PageList.fileName)")) != nil
    verifier.verify(tenant: slug)
    verifier.noteMissingPartitions(tenant: slug)
    return verifier.found
  }

  /// A file that marks the bucket. A store that was copied from the bucket has it too.
  static let markName = ".yearbook"
  static let mark = Array("this prefix is written by yearbook mirror\n".utf8)

  /// Tests that the bucket exists, can be listed, and honours conditions on writes.
  ///
  /// - Throws: `.configuration` for a server that ignores `If-None-Match` or `If-Match`: two
  ///   publishers could then overwrite each other.
  package func probe() throws(Diagnostic) {
    let path = Self.markName
    let bytes = Self.mark
    _ = try client.put(path, bytes, when: .absent)
    // The second write must be refused, and so must one over an object with another tag.
    let isIgnored = try client.put(path, bytes, when: .absent)
    let isOverIgnored = try client.put(
      path, bytes, when: .over(tag: "00000000000000000000000000000000"))
    guard !isIgnored, !isOverIgnored else {
      throw Diagnostic(
        .configuration, "\(client.bucket)'s server ignores conditions on writes",
        hint: "use a server that supports If-None-Match and If-Match")
    }
    _ = try client.list(path)
  }
}
