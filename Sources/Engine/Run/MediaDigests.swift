import Basics
import Diagnostics
import Media
import Store

/// The digests of media objects. The run record keeps them by key, size and times, so that an
/// unchanged object is not read again.
struct MediaDigests: Sendable {
  /// A media object of a tenant, by its id.
  struct Object: Hashable {
    var tenant: String
    var key: ExactText
  }

  let record: Locked<RunRecord>
  /// The objects that this run has read. Unless it is `nil`, digests from
  /// before this run are not used.
  let readNow: Locked<Set<Object>>?

  /// - Parameter isRehashing: whether this run reads every object once, even if the record has its
  ///   digest.
  init(record: Locked<RunRecord>, isRehashing: Bool) {
    self.record = record
    readNow = isRehashing ? Locked([]) : nil
  }

  /// The digest of an open object of a tenant. `check` is called between blocks: reading a large
  /// object can take longer than the stage may.
  func digest(
    of object: MediaObject, tenant: String, check: () throws -> Void
  ) throws -> SHA256Digest {
    let key = object.key
    let (size, modified) = (Int64(object.size), object.modified)
    if readNow?.withLock({ $0.contains(Object(tenant: tenant, key: ExactText(key))) }) ?? true {
      let known = try record.withLock { record throws(Diagnostic) in
        try record.mediaDigest(tenant: tenant, key: key, size: size, modified: modified)
      }
      if let known { return known }
    }
    var hasher = SHA256Hasher()
    try object.forEachBlock { block in
      try check()
      hasher.update(block)
    }
    let digest = hasher.digest()
    try record.withLock { record throws(Diagnostic) in
      try record.addMedia(tenant: tenant, key: key, size: size, modified: modified, digest: digest)
    }
    readNow?.withLock { _ = $0.insert(Object(tenant: tenant, key: ExactText(key))) }
    return digest
  }
}
