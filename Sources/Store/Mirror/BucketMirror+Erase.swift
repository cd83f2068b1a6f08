import Basics
package import Diagnostics
import ObjectStorage

extension BucketMirror {
  /// Removes everything that the bucket has of a tenant, in all versions. Then runs `rest`, while
  /// no mirroring can start.
  ///
  /// - Parameter rest: Removes the tenant from the store.
  /// - Returns: What could not be removed, one line each.
  package func erase(tenant slug: String, then rest: () throws -> Void) throws -> [String] {
    let lock = try MirrorLock(slug, in: store)
    defer { withExtendedLifetime(lock) {} }
    try begunUploads(slug).abort(client)
    let lines = try remove(ReleaseTenant.folder(slug) + "/")
    try rest()
    try forget(slug)
    return lines
  }

  /// Removes what the bucket keeps of replaced and deleted objects of a tenant.
  ///
  /// - Returns: What could not be removed, one line each.
  package func eraseVersions(tenant slug: String) throws(Diagnostic) -> [String] {
    let prefix = ReleaseTenant.folder(slug) + "/"
    guard let versions = try client.versions(prefix) else { return [hidden(prefix)] }
    return told(try client.delete(versions.filter { !$0.isCurrent }), prefix)
  }

  /// Removes what the bucket keeps of shares that were taken back: nothing of them must stay.
  ///
  /// A bucket that does not list its versions is taken to have none.
  func eraseVersions(
    of shares: Set<ReleasePartition>, tenant slug: String
  ) throws(Diagnostic) {
    guard !shares.isEmpty else { return }
    let folder = "\(ReleaseTenant.folder(slug))/\(ReleasePartition.sharesName)/"
    guard let versions = try client.versions(folder) else { return }
    let refused = try client.delete(
      versions.filter { version in
        !version.isCurrent && shares.contains { version.path.hasPrefix($0.path + "/") }
      })
    guard let line = told(refused, folder).first else { return }
    throw Diagnostic(
      .io, line, at: .init(tenant: slug),
      hint: "check the bucket's locks and policies, then run `yearbook mirror`")
  }

  /// Removes a tenant's old slug from the bucket, after the store has renamed the folder.
  ///
  /// Removes all versions: no later erasure would look for them there.
  package func remove(renamed slug: String) throws(Diagnostic) {
    let lock = try MirrorLock(slug, in: store)
    defer { withExtendedLifetime(lock) {} }
    let folder = ReleaseTenant.folder(slug)
    guard FileReader.status(store.path(folder)) == nil else { return }
    try begunUploads(slug).abort(client)
    for upload in try client.uploads(folder + "/") { try client.abort(upload) }
    let refused =
      if let versions = try client.versions(folder + "/") {
        try client.delete(versions)
      } else {
        try client.delete(client.list(folder + "/").map(\.path))
      }
    try forget(slug)
    if let line = told(refused, folder).first { throw Diagnostic(.io, line) }
  }

  private func remove(_ prefix: String) throws(Diagnostic) -> [String] {
    for upload in try client.uploads(prefix) { try client.abort(upload) }
    guard let versions = try client.versions(prefix) else {
      let refused = try client.delete(client.list(prefix).map(\.path))
      return told(refused, prefix) + [hidden(prefix)]
    }
    return told(try client.delete(versions), prefix)
  }

  private func told(_ refused: [(path: String, code: String)], _ prefix: String) -> [String] {
    guard let first = refused.first else { return [] }
    return [
      "\(refused.count) objects or versions below \(client.bucket)/\(prefix), which the bucket refused to"
        + " remove (\(first.code))"
    ]
  }

  private func hidden(_ prefix: String) -> String {
    "older versions below \(client.bucket)/\(prefix), if the bucket keeps any: it does not list them"
  }
}
