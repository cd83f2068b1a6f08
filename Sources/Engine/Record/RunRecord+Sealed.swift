import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Store

extension RunRecord {
  /// The encrypted form of a content that was published before.
  func sealed(
    tenant: String, recipients: SHA256Digest, plain: SHA256Digest
  ) throws(Diagnostic) -> Blob? {
    let rows = try connection.query(
      """
      SELECT encode(digest, 'hex') AS digest, bytes FROM yearbook.sealed
      WHERE tenant_id = $1 AND recipients = $2 AND plain = $3
      """, [tenant, "\\x" + recipients.hex, "\\x" + plain.hex])
    guard let row = rows.first else { return nil }
    return Blob(digest: try row.digest("digest"), byteCount: try row.int("bytes"))
  }

  /// The ids of tenants of whom anything was ever encrypted.
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
          file.tenantID, "\\x" + file.recipients.hex, "\\x" + file.plain.hex,
          "\\x" + file.sealed.digest.hex, String(file.sealed.byteCount),
        ])
    }
  }
}
