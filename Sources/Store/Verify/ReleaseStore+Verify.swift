import Basics
package import Diagnostics

extension ReleaseStore {
  /// Compares all that is published for one tenant, or for all, with its manifests.
  ///
  /// It writes nothing. Several tenants can be verified at the same time.
  ///
  /// - Parameter tenant: A slug; without one, all tenants.
  /// - Throws: Only if the store's own folder cannot be listed.
  package func verify(
    tenant: String? = nil, _ options: VerifyOptions
  ) throws(Diagnostic) -> Verification {
    var verifier = Verifier(store: self, options: options)
    var slugs = [tenant].compactMap { $0 }
    if tenant == nil {
      verifier.verifyRoot()
      slugs = try FileReader.names(in: path("tenants"))
      if FileReader.status(path(ReleaseTenant.folder(ReleaseTenant.operatorName))) != nil {
        slugs.append(ReleaseTenant.operatorName)
      } else if options.pages != nil, !slugs.isEmpty {
        verifier.note(.missing, ReleaseTenant.folder(ReleaseTenant.operatorName))
      }
    }
    for slug in slugs { verifier.verify(tenant: slug) }
    verifier.lookAgain()
    verifier.noteSharedTenants()
    verifier.noteMissingPartitions(tenant: tenant)
    return verifier.found
  }

  /// Verifies as above, without signers and sequences.
  package func verify(tenant: String? = nil, deep: Bool = false) throws(Diagnostic) -> Verification
  {
    try verify(tenant: tenant, VerifyOptions(isDeep: deep))
  }
}
