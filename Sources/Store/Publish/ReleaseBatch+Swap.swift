import Basics
import Diagnostics

// Here changes what readers see.
extension ReleaseBatch {
  /// Claims the slug for this tenant, unless that is done.
  func claim(_ tenant: ReleaseTenant) throws(Diagnostic) {
    let claim = TenantClaim(tenant)
    let folder = store.path(ReleaseTenant.folder(tenant.slug))
    let path = folder + "/tenant.json"
    for _ in 0..<Self.mostTries {
      let owner = try store.tenant(slug: tenant.slug)
      if let owner {
        guard owner.id == tenant.id else {
          throw Diagnostic(
            .configuration,
            "the store's folder \(ReleaseTenant.folder(tenant.slug)) belongs to another tenant",
            hint: "give the tenant another slug, or purge the tenant that had this one")
        }
        if TenantClaim(owner) == claim { return }
      }
      let file = try stagingFolder().freshPath(".json")
      try store.disk.makeFolders(folder)
      try store.disk.create(file, claim.bytes)
      if owner != nil { return try store.disk.rename(file, to: path) }
      // Fails for the second of two that claim the slug, also where the lock alone tells.
      let isOurs = try PartitionLock.hold(
        folder: ReleaseTenant.folder(tenant.slug), in: store
      ) { () throws(Diagnostic) in try store.disk.claim(file, as: path) }
      if isOurs { return }
    }
    throw Diagnostic(
      .busy, "\(path) appears and is gone again, each time that it is claimed",
      hint: "find out what removes it, then run again", isTransient: true)
  }

  /// How often something is tried that only others at the same moment can prevent.
  private static let mostTries = 100

  /// The partition's newest head, and the highest sequence that any head has.
  ///
  /// A head that says that it is another's counts as damaged: somebody put it there.
  ///
  /// A publisher that died between a head and `latest.json` had made the release durable before. So
  /// its release is complete, and becomes the latest here.
  func current(
    _ partition: ReleasePartition, of tenantID: String?
  ) throws(Diagnostic) -> (head: Head?, sequence: Int) {
    func own(_ bytes: [UInt8]) -> Head? {
      guard let head = Head(bytes: bytes),
        head.binding?.fits(partition, tenantID: tenantID) ?? true
      else { return nil }
      return head
    }
    let place = store.path(partition.path)
    try store.disk.makeFolders(place + "/heads")
    return try PartitionLock.hold(partition, in: store) { () throws(Diagnostic) in
      // A damaged one is repaired: by the newest head below, or by what is published now.
      let latest = try FileReader.contents(place + "/latest.json").flatMap(own)
      var sequence = try highestSequence(partition, after: latest?.sequence ?? 0)
      if latest == nil, let prunings = try store.prunings(partition) {
        sequence = max(sequence, prunings.heads.last?.last ?? 0)
      }
      guard sequence > latest?.sequence ?? 0,
        let bytes = try FileReader.contents("\(place)/heads/\(sequence).json"),
        let head = own(bytes), head.sequence == sequence,
        try isPlaced(head, of: partition)
      else { return (latest, sequence) }
      let file = try stagingFolder().freshPath(".json")
      try store.disk.create(file, bytes, mode: 0o444)
      try store.disk.sync(store.root)
      try store.disk.rename(file, to: place + "/latest.json")
      return (head, sequence)
    }
  }

  /// Whether a head's release is there, or need not be.
  private func isPlaced(
    _ head: Head, of partition: ReleasePartition
  ) throws(Diagnostic) -> Bool {
    if head.isWithdrawn { return true }
    let release = "\(partition.path)/releases/\(head.release)"
    let tags = try FileReader.contents(store.path("\(release)/\(Bag.tagManifestName)"))
    return tags.map { SHA256Digest(of: $0) } == head.tagManifest
  }

  /// The highest sequence that a head of the partition has.
  ///
  /// A damaged head counts too: it must not be replaced. But a name far above all others is not a
  /// sequence: if it counted, anyone could use up the numbers.
  private func highestSequence(
    _ partition: ReleasePartition, after latest: Int
  ) throws(Diagnostic) -> Int {
    let folder = store.path(partition.path + "/heads")
    let numbers = try FileReader.names(in: folder).compactMap { name in
      name.hasSuffix(".json") ? Int(name.dropLast(5)) : nil
    }.filter { $0 > latest && $0 < Head.mostSequence }.sorted(by: >)
    for number in numbers {
      if number - latest <= Head.mostLost { return number }
      let bytes = try FileReader.contents("\(folder)/\(number).json")
      if bytes.flatMap(Head.init(bytes:))?.sequence == number { return number }
    }
    return latest
  }

  /// Gives a staged release its name; no head names it yet.
  func place(_ staged: Staged) throws(Diagnostic) {
    guard let folder = staged.folder else { return }
    let releases = store.path(staged.partition.path + "/releases")
    try store.disk.makeFolders(releases)
    try store.disk.rename(folder, to: "\(releases)/\(staged.head.release)")
  }

  /// Adds the staged head to the partition's. The caller has the partition's lock.
  func addHead(_ staged: inout Staged) throws(Diagnostic) {
    for _ in 0..<Self.mostTries {
      let head = store.headPath(staged.partition, staged.head.sequence)
      if FileReader.status(head) == nil {
        // The signature comes first: no head is ever without it. One that is there already is a
        // dead publisher's.
        if let signature = staged.headFiles.signature {
          try store.disk.rename(signature, to: head + ".sig")
        } else {
          try store.disk.remove(head + ".sig")
        }
        // Never replaces the head of a faster publisher.
        if try store.disk.claim(staged.headFiles.numbered, as: head) { return }
      }
      if !staged.replacesWithdrawn,
        try FileReader.contents(head).flatMap(Head.init(bytes:))?.isWithdrawn ?? false
      {
        throw Diagnostic(
          .busy, "it was withdrawn while it was being published",
          hint: "it stays withdrawn; to publish it all the same, run it with --tenant, --period and"
            + " --force")
      }
      staged.head.sequence += 1
      try writeHead(&staged)
      try store.sync()
    }
    throw Diagnostic(
      .busy, "others add heads to \(staged.partition.path) all the time",
      hint: "run the same command again", isTransient: true)
  }

  /// Leads readers to the staged head, which is durable. The caller has the partition's lock.
  func point(to staged: Staged) throws(Diagnostic) {
    try store.disk.rename(
      staged.headFiles.latest, to: store.path(staged.partition.path + "/latest.json"))
  }
}
