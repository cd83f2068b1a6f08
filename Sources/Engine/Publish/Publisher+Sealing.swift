import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

/// The encrypted form of a file, as the record keeps it.
struct SealedFile: Sendable {
  var tenantID: String
  /// The digest of the recipients.
  var recipients: SHA256Digest
  var plain: SHA256Digest
  var sealed: Blob
}

extension Publisher {
  /// Replaces a release's files with encrypted files, if its tenant has recipients.
  ///
  /// Encrypting twice gives different bytes. So the encrypted file that was published of the same
  /// content is used again, and the release stays the same as long as its content does.
  ///
  /// - Returns: The files that were encrypted now. They must be recorded before they are published.
  func seal(
    _ pending: inout PendingRelease, for partition: RunPlan.Partition
  ) throws -> [SealedFile] {
    let recipients = try recipients(of: partition)
    guard !recipients.isEmpty else { return [] }
    // Of encrypted files nothing is said.
    pending.complete = nil
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

  /// Makes encrypted files durable, first in the workspace, then in the record.
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
          "this tenant's releases are encrypted, but no recipients are configured now",
          hint:
            "add 'recipients:' below 'tenants: \(partition.tenant.slug):' in yearbook.yaml; an empty list"
            + " (recipients: []) publishes without encryption from now on")
      }
      return []
    }
    return try partition.settings.recipients.map { text in
      guard let recipient = AgeRecipient(text) else {
        throw Diagnostic(.configuration, "a recipient is not an age public key")
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

  /// The newest release's files by name: their digests and paths.
  private func publishedFiles(
    _ partition: ReleasePartition
  ) throws -> [String: (digest: SHA256Digest, path: String)] {
    guard let head = try store.newest(partition) else { return [:] }
    let details: ReleaseDetails
    do {
      details = try store.details(partition, release: head.release)
    } catch {
      // A damaged release cannot be used; it is published again.
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
      throw Diagnostic(.bug, "the content to encrypt is not a file")
    }
    let writer = blobs.writer(tenant: tenant)
    try AgeEncryption.encrypt(
      file: source, expecting: file.digest, to: recipients
    ) { bytes throws(Diagnostic) in try writer.write(bytes) }
    return try writer.finish()
  }
}
