import Basics
package import Diagnostics

extension ReleasePartition {
  /// The folder of a tenant's shares. No pipeline can have this name.
  package static let sharesName = "shared"

  /// The place of a share: what is in it is published, withdrawn and pruned like a partition.
  ///
  /// - Parameter name: 26 letters and digits that nobody can guess: see `isShareName`.
  package static func share(_ name: String, of slug: String) -> ReleasePartition {
    ReleasePartition(tenant: slug, pipeline: sharesName, period: name)
  }

  /// Whether it is a share's place, not a report's.
  package var isShare: Bool { pipeline == Self.sharesName }

  /// Whether a text can be a share's name: 26 letters of `[a-z2-7]`, as 130 random bits are
  /// written.
  package static func isShareName(_ text: some StringProtocol) -> Bool {
    text.utf8.count == 26
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x32...0x37).contains($0) }
  }
}

extension ReleaseStore {
  /// What lies beside a share's page once it was taken back. A web server that finds it answers
  /// 410.
  package static let goneName = "gone.html"

  /// The places of a tenant's shares, also of those that were taken back, sorted by name.
  package func shares(tenant slug: String) throws(Diagnostic) -> [ReleasePartition] {
    let folder = "\(ReleaseTenant.folder(slug))/\(ReleasePartition.sharesName)"
    return try folders(in: path(folder)).filter { ReleasePartition.isShareName($0) }
      .map { .share($0, of: slug) }
  }

  /// A tenant's partitions, then its shares: all that has heads.
  package func everything(tenant slug: String) throws(Diagnostic) -> [ReleasePartition] {
    try partitions(tenant: slug) + shares(tenant: slug)
  }

  /// Runs `body` while nobody else makes, changes or takes back shares of this store, on any host.
  ///
  /// Otherwise somebody could put a share's page back that was just taken back. `body` must not
  /// call this.
  package func holdShares<T>(_ body: () throws -> T) throws -> T {
    try disk.makeFolders(path(PartitionLock.folderName))
    let lock = try disk.lock(
      path("\(PartitionLock.folderName)/\(PartitionLock.sharesName)"), .creating, mode: 0o644)
    try lock.lock(.exclusive)
    defer { lock.unlock() }
    return try body()
  }

  /// Takes a share back: a head says so, then its page, then its files are removed for good.
  ///
  /// If it was interrupted, call it again: what is done already is left as it is. The caller holds
  /// the lock of `holdShares`.
  ///
  /// - Parameters:
  ///   - page: What readers get from now on. It must not say what was there.
  ///   - run: The run that the head names as its maker.
  ///   - now: Seconds since 1970.
  /// - Returns: Whether anything was left to do.
  /// - Throws: `.usage` if nothing was ever shared there.
  @discardableResult
  package func takeBack(
    _ share: ReleasePartition, page: [UInt8], run: String, now: Int
  ) throws(Diagnostic) -> Bool {
    let isNew = try withdraw(share, reason: nil, run: run, now: now).isNew
    // The mark comes first: with it, a web server no longer looks at the page.
    let count = try putPages(
      [Self.goneName, "index.html"].map { ("\(share.path)/\($0)", page) })
    if count > 0 { try sync() }
    if !isNew, count == 0, try releases(share).isEmpty {
      // A pruner that died leaves what it had moved away already.
      try ScratchFolder.clearAbandoned(in: path(Self.stagingName), disk: disk)
      return false
    }
    // At once: who takes something back does not wait for its readers.
    for outcome in prune([share], by: PruneRule(last: 1, grace: -Self.longTime), now: now) {
      _ = try outcome.get()
    }
    try sync()
    return true
  }

  /// Removes what a publisher left of a share that died before its first head.
  ///
  /// The caller holds the lock of `holdShares`, so nobody is publishing it now.
  package func discard(_ share: ReleasePartition) throws(Diagnostic) {
    guard share.isShare, try heads(share).isEmpty, try latest(share) == nil else { return }
    let staging = try makeStaging()
    defer { withExtendedLifetime(staging) {} }
    let trash = staging.freshPath()
    let isMoved = try disk.move(path(share.path), to: trash)
    try disk.remove(isMoved ? trash : path(share.path))
    try sync()
  }

  /// Longer than any clock is wrong, in seconds.
  private static let longTime = 1 << 32
}
