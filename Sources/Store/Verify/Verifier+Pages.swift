import Basics
import Diagnostics

extension Verifier {
  /// Compares the pages of a folder with their signed list, and with pages that are made again.
  ///
  /// `pages`, `ownerID` and `isBound` are those of the folder.
  mutating func verifyPages(of slug: String) {
    let folder = ReleaseTenant.folder(slug)
    let before = found
    var isBehind = false
    do throws(Diagnostic) {
      // A publisher holds the lock from the first page until their list.
      try tree.hold(folder: folder) {
        let listed = compareWithList(slug, folder)
        isBehind = compareWithMade(slug, listed)
      }
    } catch {
      note(.unreadable, folder)
    }
    if isBehind, !isTrusting, !isSecondLook {
      found = before
      postponed.append(
        PostponedPages(
          slug: slug, ownerID: ownerID, pages: pages, reports: reports, isBound: isBound))
    }
  }

  /// Looks once more at pages that were older than the newest releases. A publisher can have been
  /// between the two.
  mutating func lookAgain() {
    isSecondLook = true
    for folder in postponed {
      (ownerID, pages, reports) = (folder.ownerID, folder.pages, folder.reports)
      isBound = folder.isBound
      verifyPages(of: folder.slug)
    }
  }

  /// The files that a validly signed list names with the digests that they have.
  private mutating func compareWithList(_ slug: String, _ folder: String) -> Set<String> {
    let path = "\(folder)/\(PageList.fileName)"
    guard tree.status(path)?.kind == .file, let bytes = read(path) else {
      noteMissingList(slug, path)
      return []
    }
    let isSigned = verifySignature(path, bytes, isAsked: true, isOnlyProof: true)
    guard let list = PageList(bytes: bytes) else {
      note(.badManifest, path)
      return []
    }
    guard list.slug == slug, list.tenantID == ownerID else {
      note(.wrongPlace, path)
      // The list names the folder, but another owner than the folder's own file does: one of the
      // two was changed.
      let claim = "\(folder)/\(TenantClaim.fileName)"
      if list.slug == slug { note(tree.status(claim) == nil ? .missing : .altered, claim) }
      return []
    }
    var right: Set<String> = []
    for (name, digest) in list.digests.sorted(by: { $0.key < $1.key }) {
      let page = "\(folder)/\(name)"
      guard let kind = tree.status(page)?.kind else {
        note(.missing, page)
        continue
      }
      // Anything else was noted when its folder was listed.
      guard kind == .file, let bytes = read(page) else { continue }
      if SHA256Digest(of: bytes) != digest { note(.altered, page) } else { right.insert(page) }
    }
    let named = Set(list.digests.keys.map { "\(folder)/\($0)" })
    for page in (pages + reports).sorted() where !named.contains(page) { note(.extra, page) }
    return isSigned ? right : []
  }

  /// Notes that a folder has no list of its pages, if it must have one.
  private mutating func noteMissingList(_ slug: String, _ path: String) {
    if tree.status(path + ".sig") != nil { return note(.missing, path) }
    // A version that did not name the owner in its heads did not sign pages either.
    let isNew = slug == ReleaseTenant.operatorName ? isStoreBound : isBound
    let isExpected = !(pages + reports).isEmpty || options.pages != nil
    if options.signers != nil, isNew, isExpected { note(.unsigned, path) }
  }

  /// - Returns: Whether pages are older than the releases that they lead to.
  private mutating func compareWithMade(_ slug: String, _ listed: Set<String>) -> Bool {
    guard let make = options.pages else { return false }
    var made = make(slug)
    // Releases can be published meanwhile: then the pages are looked at once more.
    if made.pages.contains(where: { differs($0.key, $0.value) }) { made = make(slug) }
    if let problem = made.problem { found.notes.append(problem) }
    let noted = Set(found.faults.map(\.path))
    for fault in made.faults where !noted.contains(fault.path) {
      note(fault.kind == .missing ? kindOfMissing(fault.path, made) : fault.kind, fault.path)
    }
    if made.isUnknown { return !made.behind.isEmpty }
    for (path, bytes) in made.pages.sorted(by: { $0.key < $1.key })
    where !noted.contains(path) && differs(path, bytes) {
      if tree.status(path) == nil {
        note(kindOfMissing(path, made), path)
      } else if made.behind.contains(path) {
        note(isTrusting ? .outdated : .rolledBack, path)
      } else if listed.contains(path) || made.isLate.contains(path) {
        note(.outdated, path)
      } else {
        note(.altered, path)
      }
    }
    for path in pages.sorted()
    where made.pages[path] == nil && !made.unknown.contains(path) && !noted.contains(path) {
      note(.extra, path)
    }
    return !made.behind.isEmpty
  }

  /// Whether the store is only looked at for damage. Then pages that are older than the newest
  /// release are a dead publisher's. To whoever looks for attackers, somebody put them back.
  private var isTrusting: Bool { options.signers == nil }

  private func kindOfMissing(_ path: String, _ made: MadePages) -> Fault.Kind {
    isTrusting && made.behind.contains(path) ? .outdated : .missing
  }

  private func differs(_ path: String, _ bytes: [UInt8]) -> Bool {
    guard let kind = tree.status(path)?.kind else { return true }
    guard kind == .file else { return false }
    do throws(Diagnostic) {
      return try tree.contents(path) != bytes
    } catch {
      return true
    }
  }
}

/// What is known of a folder whose pages are looked at again.
struct PostponedPages {
  var slug: String
  var ownerID: String?
  var pages: [String]
  var reports: [String]
  var isBound: Bool
}
