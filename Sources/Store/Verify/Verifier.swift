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

  /// The id of the tenant whose folder is being verified, by its `tenant.json`.
  var ownerID: String?
  /// Pages of that folder that are there.
  var pages: [String] = []
  /// What is there of the operator's reports of runs and erasures.
  var reports: [String] = []
  /// Whether a head of that folder, and of the store so far, names whose it is.
  var isBound = false
  var isStoreBound = false
  /// The folders of each tenant's id.
  var folders: [String: [String]] = [:]

  /// Folders whose pages are looked at once more, at the end.
  var postponed: [PostponedPages] = []
  var isSecondLook = false

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
    (ownerID, pages, reports, isBound) = (nil, [], [], false)
    let isOperator = slug == ReleaseTenant.operatorName
    // A publisher can have died before it claimed the folder that it made.
    if names(folder).isEmpty { return note(.leftover, folder) }
    let claim = "\(folder)/\(TenantClaim.fileName)"
    // Without reports of all tenants together, nobody has claimed the operator's folder.
    if !isOperator || tree.status(claim) != nil, let bytes = read(claim) {
      let owner = TenantClaim(bytes: bytes)
      if owner?.slug != slug { note(.wrongTenant, claim) }
      ownerID = owner?.id
      if let owner { folders[owner.id, default: []].append(folder) }
    }
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      let isPage = ["index.html", ReleaseStore.catalogName].contains(name)
      if kind == .folder, isOperator, Self.operatorFolders.contains(name) {
        verify(reports: path)
      } else if kind == .folder, Name.isSlug(name) {
        verify(pipeline: path, of: slug, name)
      } else if kind == .file, isPage {
        pages.append(path)
      } else if !(kind == .file && Self.ownFiles.contains(name)) {
        note(.extra, path)
      }
    }
    isStoreBound = isStoreBound || isBound
    verifyPages(of: slug)
  }

  private static let ownFiles = [
    TenantClaim.fileName, PageList.fileName, PageList.signatureName,
  ]
  private static let operatorFolders = ["runs", "tombstones"]

  private mutating func verify(reports folder: String) {
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      if kind == .file, name.hasSuffix(".json"), Name.isFileName(name) {
        reports.append(path)
      } else {
        note(.extra, path)
      }
    }
  }

  private mutating func verify(pipeline folder: String, of tenant: String, _ pipeline: String) {
    let names = names(folder)
    if names.isEmpty { note(.leftover, folder) }
    for name in names {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      if kind == .folder, Name.isPeriod(name) {
        verify(ReleasePartition(tenant: tenant, pipeline: pipeline, period: name))
      } else if kind == .file, name == "index.html" {
        pages.append(path)
      } else {
        note(.extra, path)
      }
    }
  }

  private mutating func verify(_ partition: ReleasePartition) {
    let folder = partition.path
    seen.insert(partition)
    let isEmpty = ["", "/heads", "/releases"].allSatisfy { inner in
      names(folder + inner).allSatisfy { ["heads", "releases"].contains($0) }
    }
    // A publisher died before it had published anything here.
    if isEmpty { note(.leftover, folder) }
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      let expected: FileStatus.Kind? =
        switch name {
        case "heads", "releases": .folder
        case "latest.json", "index.html", Prunings.fileName, Prunings.signatureName: .file
        case ReleaseStore.goneName where partition.isShare: .file
        default: nil
        }
      if kind != expected { note(.extra, path) }
      let isPage = name == "index.html" || partition.isShare && name == ReleaseStore.goneName
      if kind == .file, isPage { pages.append(path) }
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
    // Nobody is led to a release of a withdrawn partition, there or not.
    let isWithdrawn = statements.heads.last?.isWithdrawn ?? false
    for release in Set(tagManifests.keys).subtracting(present).sorted()
    where !isWithdrawn && !isPrunedNow(release, partition) {
      note(.missing, "\(folder)/releases/\(release)")
    }
    for release in present {
      let path = "\(folder)/releases/\(release)"
      guard let kind = kind(path) else { continue }
      if kind != .folder {
        note(.extra, path)
      } else if let tagManifest = tagManifests[release] {
        let before = found
        verify(release: release, of: partition, tagManifest: tagManifest)
        if found.faults.count > before.faults.count, isPrunedNow(release, partition) {
          found = before
        }
      } else {
        let isLeftover = statements.prunings.releases.contains(release)
        note(isLeftover ? .leftover : .unreferenced, path)
        // It must still be one that the partition's publisher made.
        if options.signers != nil { verify(release: release, of: partition, tagManifest: nil) }
      }
    }
  }

  /// Whether a pruner has removed the release since the heads were read.
  private func isPrunedNow(_ release: String, _ partition: ReleasePartition) -> Bool {
    do throws(Diagnostic) {
      guard
        let latest = try tree.contents(partition.path + "/latest.json").flatMap(Head.init(bytes:)),
        latest.release != release || latest.isWithdrawn,
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
    guard let kind = tree.status(path)?.kind else {
      noteUnreadableName(path)
      return nil
    }
    if kind == .link {
      note(.symlink, path)
      return nil
    }
    return kind
  }

  /// Notes a name whose bytes are not UTF-8. Nothing can be opened by it, and no publisher makes
  /// it.
  mutating func noteUnreadableName(_ path: String) {
    if path.unicodeScalars.contains("\u{FFFD}") { note(.extra, path) }
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
    case .file?: break
    case nil:
      note(.missing, path)
      return nil
    default:
      // Noted when its folder was listed.
      return nil
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
