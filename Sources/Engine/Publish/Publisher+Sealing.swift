import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

/// The encrypted form of a file, as the record remembers it.
struct SealedFile: Sendable {
  var tenantID: String
  /// The digest of whom it is encrypted to.
  var recipients: SHA256Digest
  var plain: SHA256Digest
  var sealed: Blob
}

extension Publisher {
  /// Puts encrypted files in the place of a release's, where its tenant has recipients.
  ///
  /// Encrypting twice gives other bytes, so what was published of the same content is used again: as long as the
  /// content stays the same, so does the release.
  ///
  /// - Returns: What was encrypted now, to be recorded before it is published.
  func seal(
    _ pending: inout PendingRelease, for partition: RunPlan.Partition
  ) throws -> [SealedFile] {
    let recipients = try recipients(of: partition)
    guard !recipients.isEmpty else { return [] }
    let names = recipients.map(\.description).sorted().joined(separator: "\n")
    let digest = SHA256Digest(of: names.utf8)
    let tenant = partition.tenant.id
    let published = try publishedFiles(pending.partition)
    var fresh: [SealedFile] = []
    for (index, file) in pending.files.enumerated() {
      let known = try record.withLock { record throws(Diagnostic) in
        try record.sealed(tenant: tenant, recipients: digest, plain: file.digest)
      }
      let name = file.name + ".age"
      let sealed: Blob
      let path: String
      if let known, blobs.size(known.digest, tenant: tenant) == known.byteCount {
        (sealed, path) = (known, blobs.path(known.digest, tenant: tenant))
      } else if let known, let old = published[name], old.digest == known.digest {
        (sealed, path) = (known, old.path)
      } else {
        sealed = try encrypt(file, to: recipients, tenant: tenant)
        path = blobs.path(sealed.digest, tenant: tenant)
        fresh.append(
          SealedFile(
            tenantID: tenant, recipients: digest, plain: file.digest, sealed: sealed))
      }
      pending.files[index] = ReleaseFile(
        name: name, mediaType: "application/octet-stream",
        content: ReleaseContent(
          digest: sealed.digest, byteCount: sealed.byteCount, source: .file(path)))
    }
    return fresh
  }

  /// Makes what was encrypted durable, in the workspace and then in the record.
  func keep(_ sealed: [SealedFile]) throws {
    guard !sealed.isEmpty else { return }
    try blobs.sync()
    try record.withLock { record in
      try record.connection.transaction { try record.add(sealed) }
    }
  }

  private func recipients(of partition: RunPlan.Partition) throws -> [AgeRecipient] {
    guard !partition.settings.recipients.isEmpty else {
      if !partition.settings.isOpen, try wasSealed(partition.tenant.id) {
        throw Diagnostic(
          .configuration,
          "what is published of this tenant is encrypted, and no recipients are configured now",
          hint:
            "name them below 'tenants: \(partition.tenant.slug):'; 'recipients: []' there publishes it"
            + " as it is from now on")
      }
      return []
    }
    return try partition.settings.recipients.map { text in
      guard let recipient = AgeRecipient(text) else {
        throw Diagnostic(.configuration, "a recipient is no age public key")
      }
      return recipient
    } + recipients
  }

  private func wasSealed(_ tenant: String) throws -> Bool {
    try sealedTenants.withLock { known in
      if let known { return known.contains(tenant) }
      let found = try record.withLock { record in try record.sealedTenants() }
      known = found
      return found.contains(tenant)
    }
  }

  /// The newest release's files by name: their digests and where they lie.
  private func publishedFiles(
    _ partition: ReleasePartition
  ) throws -> [String: (digest: SHA256Digest, path: String)] {
    guard let head = try store.newest(partition) else { return [:] }
    let details: ReleaseDetails
    do {
      details = try store.details(partition, release: head.release)
    } catch {
      // A damaged release lends nothing; it is published anew.
      return [:]
    }
    let folder = "\(partition.path)/releases/\(head.release)"
    return Dictionary(
      details.files.compactMap { file in
        file.digest.map { (file.name, ($0, store.path("\(folder)/\(file.path)"))) }
      }, uniquingKeysWith: { $1 })
  }

  private func encrypt(
    _ file: ReleaseFile, to recipients: [AgeRecipient], tenant: String
  ) throws -> Blob {
    guard case .file(let source) = file.content.source else {
      throw Diagnostic(.bug, "what is to be encrypted is no file")
    }
    let writer = blobs.writer(tenant: tenant)
    try AgeEncryption.encrypt(
      file: source, expecting: file.digest, to: recipients
    ) { bytes throws(Diagnostic) in try writer.write(bytes) }
    return try writer.finish()
  }
}
