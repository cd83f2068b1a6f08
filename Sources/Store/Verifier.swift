import Diagnostics

/// Walks a store and notes what is not as it was published. Paths are relative to the store's root.
struct Verifier {
  let store: ReleaseStore
  let deep: Bool
  var found = Verification()
  /// A film shared by ten releases is read once.
  var digests: [FileStatus.Identity: SHA256Digest] = [:]

  init(store: ReleaseStore, deep: Bool) {
    self.store = store
    self.deep = deep
  }

  mutating func verify(tenant slug: String) {
    let folder = "tenants/" + slug
    guard isFolder(folder) else { return }
    guard Name.isSlug(slug) else { return note(.extra, folder) }
    let claim = folder + "/tenant.json"
    // A publisher may have died before it claimed the folder it had made.
    if names(folder).isEmpty { return }
    if let bytes = read(claim), TenantClaim(bytes: bytes)?.slug != slug {
      note(.wrongTenant, claim)
    }
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      if kind == .folder, Name.isSlug(name) {
        verify(pipeline: path, of: slug, name)
      } else if !(kind == .file && ["index.html", "tenant.json"].contains(name)) {
        note(.extra, path)
      }
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
    for name in names(folder) {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      let expected: FileStatus.Kind? =
        switch name {
        case "heads", "releases": .folder
        case "latest.json", "index.html": .file
        default: nil
        }
      if kind != expected { note(.extra, path) }
    }
    // A publisher at work holds the lock between its head and latest.json.
    var heads: [Head] = []
    do throws(Diagnostic) {
      heads = try PartitionLock.hold(store.path(folder)) { verifyHeads(folder) }
    } catch {
      note(.unreadable, folder)
    }
    let tagManifests = Dictionary(
      heads.map { ($0.release, $0.tagManifest) }, uniquingKeysWith: { _, newest in newest })
    let present = names(folder + "/releases")
    for release in Set(tagManifests.keys).subtracting(present).sorted() {
      note(.missing, "\(folder)/releases/\(release)")
    }
    for release in present {
      let path = "\(folder)/releases/\(release)"
      guard let kind = kind(path) else { continue }
      if kind != .folder {
        note(.extra, path)
      } else if let tagManifest = tagManifests[release] {
        verify(release: path, tagManifest: tagManifest)
      } else {
        note(.unreferenced, path)
      }
    }
  }

  /// The heads that can be read, by growing sequence.
  private mutating func verifyHeads(_ folder: String) -> [Head] {
    var heads: [Int: (head: Head, bytes: [UInt8])] = [:]
    var numbers: Set<Int> = []
    for name in names(folder + "/heads") {
      let path = "\(folder)/heads/\(name)"
      guard let kind = kind(path) else { continue }
      let stem = name.hasSuffix(".sig") ? name.dropLast(4) : name[...]
      guard kind == .file, stem.hasSuffix(".json"), let number = Int(stem.dropLast(5)),
        stem == "\(number).json", number > 0
      else {
        note(.extra, path)
        continue
      }
      if stem.count != name.count { continue }
      numbers.insert(number)
      guard let bytes = read(path) else { continue }
      if let head = Head(bytes: bytes), head.sequence == number {
        heads[number] = (head, bytes)
      } else {
        note(.badHead, path)
      }
    }
    guard let newest = numbers.max() else {
      if kind(folder + "/latest.json") != nil { note(.badHead, folder + "/latest.json") }
      return []
    }
    for number in 1...newest where !numbers.contains(number) {
      note(.missing, "\(folder)/heads/\(number).json")
    }
    let latest = folder + "/latest.json"
    if let bytes = read(latest), bytes != heads[newest]?.bytes {
      let isOlder = heads.contains { $0.key < newest && $0.value.bytes == bytes }
      note(isOlder ? .rolledBack : .badHead, latest)
    }
    return heads.values.map(\.head).sorted { $0.sequence < $1.sequence }
  }
}

extension Verifier {
  mutating func note(_ kind: Fault.Kind, _ path: String) { found.faults.append(Fault(kind, path)) }

  /// What a path is; a link or nothing at all is noted and `nil`.
  mutating func kind(_ path: String) -> FileStatus.Kind? {
    guard let kind = FileReader.status(store.path(path))?.kind else { return nil }
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

  /// A file's bytes; one that is not there or cannot be read is noted and `nil`.
  mutating func read(_ path: String) -> [UInt8]? {
    switch FileReader.status(store.path(path))?.kind {
    case .link?:
      // Noted when its folder was listed.
      return nil
    case nil:
      note(.missing, path)
      return nil
    default: break
    }
    do throws(Diagnostic) {
      return try FileReader.contents(store.path(path))
    } catch {
      note(.unreadable, path)
      return nil
    }
  }

  mutating func names(_ folder: String) -> [String] {
    do throws(Diagnostic) {
      return try FileReader.names(in: store.path(folder))
    } catch {
      note(.unreadable, folder)
      return []
    }
  }
}
