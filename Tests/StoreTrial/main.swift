import Diagnostics
import FoundationEssentials
import Glibc
import ObjectStorage
import Store

// A publisher, a pruner and others in a process of their own, for tests that kill them.
//
//   StoreTrial publish ROOT VERSION [KEY]    three partitions of two tenants, all files of one version
//   StoreTrial prune ROOT [KEY]              all but the newest releases
//   StoreTrial rollback ROOT [KEY]           acme's report of 2026 to its first release
//   StoreTrial withdraw ROOT [KEY]           acme's report of 2026
//   StoreTrial purge ROOT                    the tenant acme
//   StoreTrial rename ROOT                   the tenant acme to ajax
//   StoreTrial mirror ROOT BUCKET            all tenants to s3://…, as the environment says

do {
  try perform(Array(CommandLine.arguments.dropFirst()))
} catch {
  print(error)
  exit(1)
}

func perform(_ arguments: [String]) throws {
  let command = arguments[0]
  let key = command == "mirror" ? nil : arguments.dropFirst(command == "publish" ? 3 : 2).first
  let signer = try key.map { try ReleaseSigner(file: $0, agent: nil) }
  let store = try ReleaseStore(root: arguments[1], signer: signer)
  switch command {
  case "publish":
    for result in store.publish(TrialReleases.batch(version: arguments[2])) {
      _ = try result.get()
    }
  case "prune":
    let partitions = try TrialReleases.partitions.filter { try store.latest($0) != nil }
    let rule = PruneRule(last: 1, grace: 0)
    for result in store.prune(partitions, by: rule, now: Int(time(nil)) + 2) {
      _ = try result.get()
    }
  case "rollback":
    let partition = TrialReleases.partitions[0]
    guard let first = try store.releases(partition).first else {
      throw Diagnostic(.usage, "nothing was published")
    }
    if try store.latest(partition)?.release != first {
      _ = try store.rollBack(partition, to: first, run: "rollback", now: Int(time(nil)))
    }
  case "withdraw":
    _ = try store.withdraw(
      TrialReleases.partitions[0], reason: "wrong", run: "withdraw", now: Int(time(nil)))
  case "purge": _ = try store.removeTenant(slug: "acme", id: TrialReleases.acme.id)
  case "rename":
    if try store.tenants().contains("acme") || store.tenantsInDisorder().contains("ajax") {
      try store.renameTenant(from: "acme", to: "ajax")
    }
  case "mirror":
    let bucket = try Bucket(
      BucketLocation(arguments[2]), environment: ProcessInfo.processInfo.environment)
    let mirror = try BucketMirror(store, bucket)
    for slug in try store.tenants() { _ = try mirror.mirror(tenant: slug) }
  default: throw Diagnostic(.usage, "unknown command")
  }
}

extension ReleaseStore {
  /// Slugs whose folder has another tenant.json's slug.
  func tenantsInDisorder() throws -> [String] {
    var slugs: [String] = []
    for slug in try tenants() {
      do { _ = try tenant(slug: slug) } catch { slugs.append(slug) }
    }
    return slugs
  }
}
