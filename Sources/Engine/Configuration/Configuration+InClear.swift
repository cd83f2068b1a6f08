package import Diagnostics
import Pipelines
package import Store

extension Configuration {
  /// The partitions whose newest release is not encrypted, although their tenant has recipients
  /// now. They were published before the recipients were configured, and no run has published them
  /// again.
  package func partitionsInClear(
    _ store: ReleaseStore
  ) throws(Diagnostic) -> [ReleasePartition] {
    var found: [ReleasePartition] = []
    for (slug, settings) in tenants.sorted(by: { $0.key < $1.key }) {
      if settings.recipients.isEmpty { continue }
      for partition in try store.partitions(tenant: slug) {
        guard let head = try store.latest(partition), !head.isWithdrawn else { continue }
        let files = try store.details(partition, release: head.release).files
        if !files.contains(where: { $0.path.hasSuffix(".age") }) { found.append(partition) }
      }
    }
    return found
  }
}
