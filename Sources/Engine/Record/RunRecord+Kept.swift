import Basics
import Diagnostics
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// The rows that a partition had when it failed, so that a retry can use the same rows.
struct KeptRows: Sendable {
  struct File: Codable, Sendable {
    var name: String
    var columns: [Dataset.Column]
    var rows: Int
    var bytes: Int
    var digest: SHA256Digest
  }

  /// When they were read, microseconds since 1970.
  var snapshot: Int64
  var files: [File]

  /// The datasets; `nil` if one is no longer in the workspace.
  func datasets(in blobs: BlobStore, tenant: String) -> [Dataset]? {
    var datasets: [Dataset] = []
    for file in files {
      guard blobs.size(file.digest, tenant: tenant) == file.bytes else { return nil }
      datasets.append(
        Dataset(
          name: file.name, columns: file.columns, rows: file.rows, bytes: file.bytes,
          digest: file.digest, content: .file(path: blobs.path(file.digest, tenant: tenant))))
    }
    return datasets
  }
}

/// The rows on which a partition has just failed.
struct FailedRows: Sendable {
  var partition: RunPlan.Partition
  var datasets: [Dataset]
  /// When they were read, microseconds since 1970.
  var snapshot: Int64
}

extension BlobStore {
  /// Stores datasets that are in memory as blobs. They are durable after the next sync.
  func keep(_ failed: FailedRows) throws(Diagnostic) -> KeptRows {
    var files: [KeptRows.File] = []
    for dataset in failed.datasets {
      if case .memory(let held) = dataset.content {
        _ = try put(held.bytes, tenant: failed.partition.tenant.id)
      }
      files.append(
        KeptRows.File(
          name: dataset.name, columns: dataset.columns, rows: dataset.rows, bytes: dataset.bytes,
          digest: dataset.digest))
    }
    return KeptRows(snapshot: failed.snapshot, files: files)
  }
}

extension RunRecord {
  /// Keeps a failed partition's rows. They replace those of its earlier failure.
  func keep(_ rows: KeptRows, of partition: PartitionKey, run: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try connection.query(
      """
      INSERT INTO yearbook.kept (tenant_id, pipeline, period, run_id, snapshot, datasets)
      VALUES ($1, $2, $3, $4, 'epoch'::timestamptz + $5::bigint * interval '1 microsecond', $6)
      ON CONFLICT (tenant_id, pipeline, period) DO UPDATE SET
        run_id = excluded.run_id, snapshot = excluded.snapshot, datasets = excluded.datasets
      """,
      partition.values + [
        run, String(rows.snapshot),
        String(decoding: try encoder.encode(rows.files), as: UTF8.self),
      ])
  }

  /// The kept rows of a run's failed partitions. Rows that were read before somebody was erased are
  /// left out.
  func kept(of run: String) throws -> [PartitionKey: KeptRows] {
    var kept: [PartitionKey: KeptRows] = [:]
    for row in try connection.query(
      """
      SELECT tenant_id, pipeline, period, datasets,
        -- A clock was wrong if they were read at a time that has not come yet.
        (extract(epoch FROM least(snapshot, now())) * 1000000)::bigint AS snapshot
      FROM yearbook.kept WHERE run_id = $1 AND NOT EXISTS (
        SELECT FROM yearbook.erasure e WHERE e.tenant_id = kept.tenant_id AND e.erased > kept.snapshot)
      """, [run])
    {
      kept[try row.partitionKey()] = KeptRows(
        snapshot: Int64(try row.int("snapshot")),
        files: try JSONDecoder().decode(
          [KeptRows.File].self, from: Data(try row.string("datasets").utf8)))
    }
    return kept
  }

  /// The digests of all kept rows of a tenant.
  func keptDigests(of tenant: String) throws(Diagnostic) -> [SHA256Digest] {
    try connection.query(
      """
      SELECT DISTINCT f.value ->> 'digest' AS digest
      FROM yearbook.kept, jsonb_array_elements(datasets) f WHERE tenant_id = $1
      """, [tenant]
    ).map { row throws(Diagnostic) in try row.digest("digest") }
  }

  /// Removes the kept rows of partitions that were published.
  func letGo(_ partitions: [PartitionKey]) throws(Diagnostic) {
    guard !partitions.isEmpty else { return }
    try connection.queryPrepared(
      """
      DELETE FROM yearbook.kept USING unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      WHERE tenant_id = t AND pipeline = p AND period = d
      """,
      partitions.arrays)
  }
}
