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
  var recipients: String
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
    let names = recipients.map(\.description).sorted().joined(separator: "\n")
    let digest = SHA256Digest(of: Array(names.utf8)).hex
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
      } else if let known, let old = published[name], old.digest == known.digest.hex {
        (sealed, path) = (known, old.path)
      } else {
        sealed = try encrypt(file, to: recipients, tenant: tenant)
        path = blobs.path(sealed.digest, tenant: tenant)
        fresh.append(
          SealedFile(
            tenantID: tenant, recipients: digest, plain: file.digest, sealed: sealed))
      }
      pending.files[index] = ReleaseFile(
        name: name, source: .file(path), digest: sealed.digest, byteCount: sealed.byteCount,
        mediaType: "application/octet-stream")
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
  ) throws -> [String: (digest: String, path: String)] {
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
      details.files.map {
        ($0.name, (String($0.hash.dropFirst(7)), store.path("\(folder)/\($0.path)")))
      }, uniquingKeysWith: { $1 })
  }

  private func encrypt(
    _ file: ReleaseFile, to recipients: [AgeRecipient], tenant: String
  ) throws -> Blob {
    guard case .file(let source) = file.source else {
      throw Diagnostic(.bug, "the content to encrypt is not a file")
    }
    let writer = blobs.writer(tenant: tenant)
    try AgeEncryption.encrypt(
      file: source, expecting: file.digest, to: recipients
    ) { bytes throws(Diagnostic) in try writer.write(bytes) }
    return try writer.finish()
  }
}

extension RunRecord {
  /// The encrypted form of content that was published before.
  func sealed(
    tenant: String, recipients: String, plain: SHA256Digest
  ) throws(Diagnostic) -> Blob? {
    let rows = try connection.query(
      """
      SELECT encode(digest, 'hex') AS digest, bytes FROM yearbook.sealed
      WHERE tenant_id = $1 AND recipients = $2 AND plain = $3
      """, [tenant, "\\x" + recipients, "\\x" + plain.hex])
    guard let row = rows.first, let digest = SHA256Digest(hex: try row.string("digest")) else {
      return nil
    }
    return Blob(digest: digest, byteCount: try row.int("bytes"))
  }

  /// The ids of tenants that ever had an encrypted file.
  func sealedTenants() throws(Diagnostic) -> Set<String> {
    Set(
      try connection.query("SELECT DISTINCT tenant_id::text AS id FROM yearbook.sealed").map {
        row throws(Diagnostic) in try row.string("id")
      })
  }

  func add(_ files: [SealedFile]) throws(Diagnostic) {
    for file in files {
      try connection.query(
        """
        INSERT INTO yearbook.sealed (tenant_id, recipients, plain, digest, bytes)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (tenant_id, recipients, plain)
        DO UPDATE SET digest = excluded.digest, bytes = excluded.bytes
        """,
        [
          file.tenantID, "\\x" + file.recipients, "\\x" + file.plain.hex,
          "\\x" + file.sealed.digest.hex, String(file.sealed.byteCount),
        ])
    }
  }
}
