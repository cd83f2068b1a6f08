import Basics
package import Diagnostics

extension ReleaseStore {
  /// Writes a page with a stable address: an `index.html` below `tenants/`, a tenant's
  /// `catalog.json`, or any file below `operator/`.
  ///
  /// The page is replaced in one step. A page that has these bytes already is not touched. It is
  /// durable after the next `sync()`.
  ///
  /// - Parameter path: Relative to the store's root, of `[a-z0-9._/-]`, with `Q` in a period.
  /// - Returns: Whether the page was written.
  @discardableResult
  package func putPage(_ path: String, _ bytes: [UInt8]) throws(Diagnostic) -> Bool {
    let pages: [(path: String, bytes: [UInt8])] = [(path, bytes)]
    return try putPages(pages) > 0
  }

  /// Writes many pages as `putPage` does.
  ///
  /// - Returns: The number of pages written.
  @discardableResult
  package func putPages(_ pages: [(path: String, bytes: [UInt8])]) throws(Diagnostic) -> Int {
    var staging: ScratchFolder?
    var count = 0
    for page in pages {
      guard Self.isPagePath(page.path) else {
        throw Diagnostic(.bug, "\(page.path) is not a valid path for a page of the store")
      }
      let target = path(page.path)
      if try FileReader.contents(target) == page.bytes { continue }
      let folder: ScratchFolder
      if let staging { folder = staging } else { folder = try makeStaging() }
      staging = folder
      let file = folder.freshPath()
      try disk.create(file, page.bytes)
      try disk.makeFolders(
        target.split(separator: "/", omittingEmptySubsequences: false)
          .dropLast().joined(separator: "/"))
      try disk.rename(file, to: target)
      count += 1
    }
    return count
  }

  /// Writes `operator/runs/RUN.json`: what a run published, left unchanged, and what failed.
  package func putRun(_ run: String, _ json: [UInt8]) throws(Diagnostic) {
    guard Name.isFileName(run) else { throw Diagnostic(.bug, "a run's id is not a file name") }
    try putPage("operator/runs/\(run).json", json)
  }

  private static func isPagePath(_ path: String) -> Bool {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count >= 2 else { return false }
    if parts[0] == "operator" {
      return parts.enumerated().allSatisfy { place, part in
        Name.isFileName(part) || (place == 2 && Name.isPeriod(part))
      }
    }
    if parts.count == 3, parts[0] == "tenants", parts[2] == "catalog.json" {
      return Name.isSlug(parts[1])
    }
    return parts[0] == "tenants" && (3...5).contains(parts.count)
      && parts[parts.count - 1] == "index.html" && Name.isSlug(parts[1])
      && (parts.count < 4 || Name.isSlug(parts[2]))
      && (parts.count < 5 || Name.isPeriod(parts[3]))
  }
}
