import Basics
import Diagnostics

/// Walks a store, or its mirror, and notes what is not as it was published. Paths are relative to
/// its root.
struct Verifier {
  let tree: any StoreTree
  let options: VerifyOptions
  var found = Verification()
  /// Digests of files already read: a film that ten releases share is read once.
  var digests: [FileStatus.Identity: SHA256Digest] = [:]

  private var seen: Set<ReleasePartition> = []

  init(tree: any StoreTree, options: VerifyOptions) {
    self.tree = tree
    self.options = options
  }

  init(store: ReleaseStore, options: VerifyOptions) {
    self.init(tree: StoreFolder(store: store), options: options)
  }

  /// Notes partitions that had releases, by `options.sequences`, and are missing.
  mutating func noteMissingPartitions(tenant: String?) {
    for partition in options.sequences.keys.sorted()
    where !seen.contains(partition) && (tenant == nil || tenant == partition.tenant) {
      note(.missing, partition.path)
    }
  }

  mutating func verify(tenant slug: String) {
    let folder = ReleaseTenant.folder(slug)
    guard isFolder(folder) else { return }
    guard Name.isOwner(slug) else { return note(.extra, folder) }
    if slug == ReleaseTenant.operatorName { return verifyOperator(folder) }
    let claim = folder + "/tenant.json"
    // A publisher can have died before it claimed the folder that it made.
    if names(folder).isEmpty { return }
    if let bytes = read(claim), TenantClaim(bytes: bytes)?.slug != slug {
      note(.wrongTenant, claim)
    }
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      if kind == .folder, Name.isSlug(name) {
        verify(pipeline: path, of: slug, name)
      } else if !(kind == .file && ["catalog.json", "index.html", "tenant.json"].contains(name)) {
        note(.extra, path)
      }
    }
  }

  /// The releases of all tenants together. The operator's other files there are not releases.
  private mutating func verifyOperator(_ folder: String) {
    let claim = folder + "/tenant.json"
    guard tree.status(claim) != nil else { return }
    if let bytes = read(claim), TenantClaim(bytes: bytes)?.slug != ReleaseTenant.operatorName {
      note(.wrongTenant, claim)
    }
    for name in names(folder) where Name.isSlug(name) && !["runs", "tombstones"].contains(name) {
      let path = folder + "/" + name
      guard kind(path) == .folder else { continue }
      verify(pipeline: path, of: ReleaseTenant.operatorName, name)
    }
  }

  private mutating func verify(pipeline folder: String, of tenant: String, _ pipeline: String) {
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      if kind == .folder, Name.isPeriod(name) {
        verify(ReleasePartition(tenant: tenant, pipeline: pipeline, period: name))
      } else if !(kind == .file && name == "index.html") {
        note(.extra, path)
      }
    }
  }

  private mutating func verify(_ partition: ReleasePartition) {
    let folder = partition.path
    seen.insert(partition)
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      let expected: FileStatus.Kind? =
        switch name {
        case "heads", "releases": .folder
        case "latest.json", "index.html", Prunings.fileName, Prunings.signatureName: .file
        default: nil
        }
      if kind != expected { note(.extra, path) }
    }
    var statements = Statements()
    do throws(Diagnostic) {
      // A publisher holds the lock from its head until latest.json.
      statements = try tree.hold(partition) { self.statements(of: partition) }
    } catch {
      note(.unreadable, folder)
    }
    let tagManifests = Dictionary(
      statements.heads.map { ($0.release, $0.tagManifest) },
      uniquingKeysWith: { _, newest in newest })
    let present = names(folder + "/releases")
    for release in Set(tagManifests.keys).subtracting(present).sorted()
    where !isPrunedNow(release, partition) {
      note(.missing, "\(folder)/releases/\(release)")
    }
    for release in present {
      let path = "\(folder)/releases/\(release)"
      guard let kind = kind(path) else { continue }
      if kind != .folder {
        note(.extra, path)
      } else if let tagManifest = tagManifests[release] {
        let before = found
        verify(release: path, tagManifest: tagManifest)
        if found.faults.count > before.faults.count, isPrunedNow(release, partition) {
          found = before
        }
      } else {
        let isLeftover = statements.prunings.releases.contains(release)
        note(isLeftover ? .leftover : .unreferenced, path)
      }
    }
  }

  /// Whether a pruner has removed the release since the heads were read.
  private func isPrunedNow(_ release: String, _ partition: ReleasePartition) -> Bool {
    do throws(Diagnostic) {
      guard
        let latest = try tree.contents(partition.path + "/latest.json").flatMap(Head.init(bytes:)),
        latest.release != release,
        let prunings = try tree.contents("\(partition.path)/\(Prunings.fileName)")
      else { return false }
      return Prunings(bytes: prunings)?.releases.contains(release) ?? false
    } catch {
      return false
    }
  }
}

extension Verifier {
  mutating func note(_ kind: Fault.Kind, _ path: String) { found.faults.append(Fault(kind, path)) }

  /// What a path is; `nil` for a link, which is noted, and for nothing.
  mutating func kind(_ path: String) -> FileStatus.Kind? {
    guard let kind = tree.status(path)?.kind else { return nil }
    if kind == .link {
      note(.symlink, path)
      return nil
    }
    return kind
  }

  private mutating func isFolder(_ path: String) -> Bool {
    switch kind(path) {
    case .folder?: return true
    case nil: return false
    default:
      note(.extra, path)
      return false
    }
  }

  /// A file's bytes; `nil` for a file that is missing or cannot be read, which is noted.
  mutating func read(_ path: String) -> [UInt8]? {
    switch tree.status(path)?.kind {
    case .link?:
      // Noted when its folder was listed.
      return nil
    case nil:
      note(.missing, path)
      return nil
    default: break
    }
    do throws(Diagnostic) {
      return try tree.contents(path)
    } catch {
      note(.unreadable, path)
      return nil
    }
  }

  mutating func names(_ folder: String) -> [String] {
    do throws(Diagnostic) {
      return try tree.names(in: folder)
    } catch {
      note(.unreadable, folder)
      return []
    }
  }
}
