import Basics
import Diagnostics
import FoundationEssentials

extension Verifier {
  /// Compares a release with its manifests, and with the place where it is.
  ///
  /// - Parameter tagManifest: The digest of `tagmanifest-sha256.txt` in the release's head. That
  ///   file has the digests of the tag files; the manifest among them has the digests of the
  ///   payload. `nil` for a release that no head names.
  mutating func verify(
    release id: String, of partition: ReleasePartition, tagManifest: SHA256Digest?
  ) {
    let folder = "\(partition.path)/releases/\(id)"
    found.releaseCount += 1
    let present = names(folder)
    guard present.contains(Bag.tagManifestName) || present.contains(Bag.manifestName) else {
      return note(.halfMade, folder)
    }
    let files = Set(Bag.tagFiles + [Bag.tagManifestName, Bag.signatureName])
    for name in present {
      let path = folder + "/" + name
      guard let kind = kind(path) else { continue }
      let isRight = name == "data" ? kind == .folder : kind == .file && files.contains(name)
      if !isRight { note(.extra, path) }
    }
    verifyTags(folder, tagManifest)
    verifyPlace(folder, id, partition)
    let manifestPath = folder + "/" + Bag.manifestName
    guard let bytes = readQuietly(manifestPath) else { return }
    guard let manifest = Manifest(bytes: bytes),
      manifest.entries.allSatisfy({ $0.name.hasPrefix("data/") })
    else { return note(.badManifest, manifestPath) }
    let sizes = sizes(folder, manifest)
    var unnamed = payload(folder, "data")
    for entry in manifest.entries {
      guard let status = unnamed.removeValue(forKey: entry.name) else {
        // A link instead of the file is noted as a link.
        if tree.status("\(folder)/\(entry.name)") == nil {
          note(.missing, "\(folder)/\(entry.name)")
        }
        continue
      }
      verify("\(folder)/\(entry.name)", status, entry.digest, byteCount: sizes?[entry.name])
    }
    for name in unnamed.keys.sorted() { note(.extra, folder + "/" + name) }
  }

  /// Compares what the tag files say of the release with the place where it is. The slug in them
  /// can be an older one of the tenant.
  private mutating func verifyPlace(
    _ folder: String, _ id: String, _ partition: ReleasePartition
  ) {
    let place = [partition.pipeline, partition.period, id]
    func isPlace(_ identifier: String) -> Bool {
      identifier.split(separator: "/").suffix(3).map(String.init) == place
    }
    let package = folder + "/datapackage.json"
    if let bytes = readQuietly(package) {
      do {
        let origin = try JSONDecoder().decode(ReleaseOrigin.self, from: Data(bytes))
        let names = [origin.yearbook.pipeline, origin.yearbook.period, id]
        let isOurs = ownerID == nil || origin.yearbook.tenant.id == ownerID
        if !isOurs || names != place || !isPlace(origin.id) { note(.wrongPlace, package) }
      } catch {
        note(.badManifest, package)
      }
    }
    let info = folder + "/bag-info.txt"
    guard let bytes = readQuietly(info) else { return }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { continue }
      let value = String(parts[1].drop(while: \.isWhitespace))
      let isRight =
        switch parts[0] {
        case "External-Identifier": isPlace(value)
        case "Yearbook-Tenant": ownerID == nil || value == ownerID
        default: true
        }
      if !isRight { return note(.wrongPlace, info) }
    }
  }

  private mutating func verifyTags(_ folder: String, _ expected: SHA256Digest?) {
    let path = folder + "/" + Bag.tagManifestName
    guard let bytes = read(path) else { return }
    if let expected, SHA256Digest(of: bytes) != expected { note(.altered, path) }
    verifySignature(path, bytes)
    guard let manifest = Manifest(bytes: bytes),
      manifest.entries.map(\.name) == Bag.tagFiles
    else { return note(.badManifest, path) }
    for entry in manifest.entries {
      let path = folder + "/" + entry.name
      guard let bytes = read(path) else { continue }
      if SHA256Digest(of: bytes) != entry.digest { note(.altered, path) }
    }
  }

  /// The sizes by path that the data package promises, if it agrees with the manifest.
  private mutating func sizes(_ folder: String, _ manifest: Manifest) -> [String: Int]? {
    let path = folder + "/datapackage.json"
    guard let bytes = readQuietly(path) else { return nil }
    do {
      let details = try JSONDecoder().decode(ReleaseDetails.self, from: Data(bytes))
      let hashes = details.files.map { [$0.path, $0.hash] }
      let expected = manifest.entries.map { [$0.name, "sha256:" + $0.digest.hex] }
      if Set(hashes) == Set(expected), hashes.count == expected.count {
        return Dictionary(
          details.files.map { ($0.path, $0.bytes) }, uniquingKeysWith: { first, _ in first })
      }
    } catch {
      // Noted below, like a package that contradicts the manifest.
    }
    note(.badManifest, path)
    return nil
  }

  /// The payload's regular files by their path in the release; links and other kinds are noted.
  private mutating func payload(_ release: String, _ folder: String) -> [String: FileStatus] {
    var files: [String: FileStatus] = [:]
    let names = names(release + "/" + folder)
    if names.isEmpty { note(.extra, release + "/" + folder) }
    for name in names {
      let path = folder + "/" + name
      guard let status = tree.status(release + "/" + path) else {
        noteUnreadableName(release + "/" + path)
        continue
      }
      switch status.kind {
      case .file: files[path] = status
      case .folder: files.merge(payload(release, path)) { first, _ in first }
      case .link: note(.symlink, release + "/" + path)
      case .other: note(.extra, release + "/" + path)
      }
    }
    return files
  }

  private mutating func verify(
    _ path: String, _ status: FileStatus, _ digest: SHA256Digest, byteCount: Int?
  ) {
    found.fileCount += 1
    found.byteCount = found.byteCount.saturatingAdd(status.byteCount)
    if let byteCount, byteCount != status.byteCount { return note(.altered, path) }
    guard options.isDeep else { return }
    if let known = digests[status.identity] {
      if known != digest { note(.altered, path) }
      return
    }
    do throws(Diagnostic) {
      let actual = try tree.digest(path)
      digests[status.identity] = actual
      if actual != digest { note(.altered, path) }
    } catch {
      note(.unreadable, path)
    }
  }

  /// A tag file's bytes. Its faults were noted when the tag manifest was checked.
  private func readQuietly(_ path: String) -> [UInt8]? {
    guard tree.status(path)?.kind == .file else { return nil }
    do throws(Diagnostic) {
      return try tree.contents(path)
    } catch {
      return nil
    }
  }
}

/// What a data package says of where its release belongs.
private struct ReleaseOrigin: Decodable {
  struct Yearbook: Decodable {
    struct Tenant: Decodable { var id: String }

    var tenant: Tenant
    var pipeline: String
    var period: String
  }

  var id: String
  var yearbook: Yearbook
}
