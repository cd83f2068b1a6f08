public import Diagnostics

extension ReleaseStore {
  /// Compares all that is published for one tenant, or for all, with its manifests.
  ///
  /// Nothing is written. Several tenants may be verified side by side.
  ///
  /// - Parameters:
  ///   - tenant: A slug; without one, all tenants.
  ///   - deep: Whether the payload's bytes are read and hashed; else only its names and sizes are looked at.
  ///     Heads, manifests and data packages are always read.
  /// - Throws: Only if the store's own folder cannot be listed.
  public func verify(tenant: String? = nil, deep: Bool = false) throws(Diagnostic) -> Verification {
    var verifier = Verifier(store: self, deep: deep)
    if let tenant {
      verifier.verify(tenant: tenant)
    } else {
      for name in try FileReader.names(in: path("tenants")) { verifier.verify(tenant: name) }
    }
    return verifier.found
  }
}
