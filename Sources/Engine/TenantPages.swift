import Pipelines
import Stages
import Store

/// The pages of a tenant that lead to its releases.
struct TenantPages {
  let store: ReleaseStore
  let library: PipelineLibrary

  /// Writes the tenant's index and the stable address of each of its partitions, where they changed.
  func renew(_ tenant: Tenant) throws {
  }
}
