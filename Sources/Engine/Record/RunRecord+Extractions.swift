import Basics
import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres

/// The datasets that a partition's rows gave, and what decided them.
struct ExtractedRows: Sendable {
  var partition: PartitionKey
  var state: Fingerprints.State
  var datasets: [Dataset]
  /// When the rows were read, microseconds since 1970.
  var snapshot: Int64
}

/// What the record knows of a partition's last extraction.
struct RecordedExtraction: Sendable {
  var key: String
  var reach: Fingerprints.Reach
  private var shape: RunRecord.Shape
  private var lines: String

  fileprivate init(_ row: Row, _ shapes: [String: RunRecord.Shape]) throws(Diagnostic) {
    key = try row.string("key")
    reach = try row.reach()
    shape = shapes[try row.string("shape")] ?? []
    lines = try row.string("datasets")
  }

  /// The datasets, without their rows; `nil` if the record does not hold them all.
  var datasets: [Dataset]? {
    let lines = lines.utf8.split(separator: UInt8(ascii: "\n"))
    guard !shape.isEmpty, lines.count == shape.count else { return nil }
    var datasets: [Dataset] = []
    for (set, line) in zip(shape, lines) {
      let words = line.split(separator: UInt8(ascii: " ")).map { Substring($0) }
      guard words.count == 3, let rows = Int(words[0]), let bytes = Int(words[1]),
        let digest = SHA256Digest(hex: words[2])
      else { return nil }
      datasets.append(
        Dataset(
          name: set.name, columns: set.columns, rows: rows, bytes: bytes, digest: digest,
          content: .unread))
    }
    return datasets
  }
}

extension RunRecord {
  /// The names and columns of a partition's datasets. All partitions of a pipeline share them.
  typealias Shape = [DatasetShape]

  struct DatasetShape: Codable, Sendable {
    var name: String
    var columns: [Dataset.Column]
  }

  /// The seeds of this record's fingerprints, drawn when they are first needed.
  func seeds() throws(Diagnostic) -> Fingerprinter.Seeds {
    var random = SystemRandomNumberGenerator()
    let row = try connection.query(
      """
      WITH made AS (
        INSERT INTO yearbook.seed (first, second) VALUES ($1, $2) ON CONFLICT DO NOTHING
        RETURNING first, second
      ) SELECT first, second FROM made UNION ALL SELECT first, second FROM yearbook.seed LIMIT 1
      """,
      [
        String(Int64.random(in: .min ... .max, using: &random)),
        String(Int64.random(in: .min ... .max, using: &random)),
      ]
    ).first
    // Another run drew them at this very moment.
    guard let row else { return try seeds() }
    return Fingerprinter.Seeds(
      first: Int64(try row.string("first")) ?? 0, second: Int64(try row.string("second")) ?? 0)
  }

  /// The ids of people whose rows are never read, by the tenant's id.
  func erasedPeople() throws(Diagnostic) -> [String: [String]] {
    var erased: [String: [String]] = [:]
    for row in try connection.query("SELECT tenant_id, user_id FROM yearbook.erasure") {
      erased[try row.string("tenant_id"), default: []].append(try row.string("user_id"))
    }
    return erased
  }

  /// The last extractions of these partitions, as far as there are any.
  func extractions(
    of partitions: [PartitionKey]
  ) throws -> [PartitionKey: RecordedExtraction] {
    var shapes: [String: Shape] = [:]
    for row in try connection.query(
      "SELECT encode(digest, 'hex') AS digest, datasets FROM yearbook.shape")
    {
      shapes[try row.string("digest")] = try JSONDecoder().decode(
        Shape.self, from: Data(try row.string("datasets").utf8))
    }
    var found: [PartitionKey: RecordedExtraction] = [:]
    for row in try connection.query(
      """
      SELECT e.tenant_id, e.pipeline, e.period, encode(e.key, 'hex') AS key, e.cutoff, e.next,
        e.previous_end_from, e.previous_end_to, encode(e.shape, 'hex') AS shape, e.datasets
      FROM unnest($1::uuid[], $2::text[], $3::text[]) AS u (t, p, d)
      JOIN yearbook.extraction e ON e.tenant_id = t AND e.pipeline = p AND e.period = d
      """, partitions.arrays)
    {
      found[try row.partitionKey()] = try RecordedExtraction(row, shapes)
    }
    return found
  }

  /// What is known of the rows of a partition that is in this state now.
  func rows(of partition: PartitionKey, _ state: Fingerprints.State) throws -> Forecast.Rows {
    let row = try connection.query(
      "SELECT inputs, cutoff, next, previous_end_from, previous_end_to FROM yearbook.extraction"
        + " WHERE tenant_id = $1 AND pipeline = $2 AND period = $3", partition.values
    ).first
    guard let row else { return .read(changed: nil) }
    let old = try JSONDecoder().decode(
      [String: String].self, from: Data(row.string("inputs").utf8))
    let now = state.inputs.parts
    let names = Set(old.keys).union(now.keys).filter { old[$0] != now[$0] }.sorted()
    if names.isEmpty {
      return try state.isReached(from: row.reach())
        ? .same
        : .read(changed: [
          "the cut-off, or the end of what is compared: it passed the time of a row"
        ])
    }
    return .read(changed: names.map { Self.change(of: $0, from: old[$0], to: now[$0]) })
  }

  /// `table user (3 rows, now 4 rows)`. Only numbers of rows are told, not hashes.
  private static func change(of name: String, from old: String?, to now: String?) -> String {
    guard name.hasPrefix("table ") else { return name }
    func count(_ text: String?) -> String? { text?.split(separator: ",").first.map { String($0) } }
    guard let before = count(old), let after = count(now) else { return name }
    return before == after ? "\(name) (\(before))" : "\(name) (\(before), now \(after))"
  }

  /// Records extractions. They replace those of rows that were read earlier.
  func add(_ extractions: [ExtractedRows]) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    let ordered = Dictionary(extractions.map { ($0.partition, $0) }) { _, last in last }
      .sorted { $0.key < $1.key }.map(\.value)
    var shapes: [String: String] = [:]
    for part in ordered.parts(of: Self.rowsAtOnce) {
      var digests: [String] = []
      for one in part {
        let text = try json(one.datasets.map { DatasetShape(name: $0.name, columns: $0.columns) })
        let digest = "\\x" + SHA256Digest(of: text.utf8).hex
        digests.append(digest)
        if shapes.updateValue(text, forKey: digest) == nil {
          try connection.query(
            "INSERT INTO yearbook.shape (digest, datasets) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            [digest, text])
        }
      }
      try connection.queryPrepared(
        """
        INSERT INTO yearbook.extraction AS old
          (tenant_id, pipeline, period, key, inputs, cutoff, next, previous_end_from,
            previous_end_to, snapshot, shape, datasets)
        SELECT t, p, d, k::bytea, i::jsonb, c, n, a, b, m, s::bytea, l
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
          $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[], $12::text[])
          AS u (t, p, d, k, i, c, n, a, b, m, s, l)
        ON CONFLICT (tenant_id, pipeline, period) DO UPDATE SET key = excluded.key,
          inputs = excluded.inputs, cutoff = excluded.cutoff, next = excluded.next,
          previous_end_from = excluded.previous_end_from,
          previous_end_to = excluded.previous_end_to,
          snapshot = excluded.snapshot, shape = excluded.shape, datasets = excluded.datasets
        WHERE old.snapshot <= excluded.snapshot
        """,
        part.map(\.partition).arrays + [
          Quoting.array(part.map { "\\x" + $0.state.inputs.key.hex }),
          Quoting.array(try part.map { try json($0.state.inputs.parts) }),
          Quoting.array(part.map { String($0.state.reach.cutoff) }),
          Quoting.array(part.map { $0.state.reach.next.map { String($0) } }),
          Quoting.array(part.map { $0.state.reach.previousEndFrom.map { String($0) } }),
          Quoting.array(part.map { $0.state.reach.previousEndTo.map { String($0) } }),
          Quoting.array(part.map { String($0.snapshot) }), Quoting.array(digests),
          Quoting.array(
            part.map { one in
              one.datasets.map { "\($0.rows) \($0.bytes) \($0.digest.hex)" }
                .joined(separator: "\n")
            }),
        ])
    }
  }
}

extension Row {
  fileprivate func reach() throws(Diagnostic) -> Fingerprints.Reach {
    func moment(_ column: String) throws(Diagnostic) -> Int64? {
      try optionalString(column).flatMap { Int64($0) }
    }
    return .init(
      cutoff: try moment("cutoff") ?? 0, next: try moment("next"),
      previousEndFrom: try moment("previous_end_from"),
      previousEndTo: try moment("previous_end_to"))
  }
}
