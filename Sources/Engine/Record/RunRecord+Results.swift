import Basics
import Diagnostics
import Extraction
import Foundation
import Pipelines
import Postgres
import Stages
import Store

/// What a stage made under a key: names and digests of files, not their bytes.
struct StageResult: Sendable {
  var key: StageKey
  var tenantID: String
  var stage: String
  /// The partition of a whole stage; `nil` for a piece of a stage.
  var partition: PartitionKey?
  var inputs: [String: String]
  var files: [RecordedFile]
  var warnings: [Warning]
  var seconds: Double
}

/// A file of a result as the record knows it.
typealias RecordedFile = ResultFile<Blob>

/// In the record a file is one JSON object: `bytes`, `digest`, `isPublished`, `mediaType`, `name`,
/// and
/// `table` for a table.
extension RecordedFile: Codable {
  private enum CodingKeys: String, CodingKey {
    case name, mediaType, isPublished, bytes, digest, table
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try values.decode(String.self, forKey: .name),
      mediaType: try values.decode(String.self, forKey: .mediaType),
      isPublished: try values.decode(Bool.self, forKey: .isPublished),
      table: try values.decodeIfPresent(TableDescription.self, forKey: .table),
      content: Blob(
        digest: try values.decode(SHA256Digest.self, forKey: .digest),
        byteCount: try values.decode(Int.self, forKey: .bytes)))
  }

  func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(mediaType, forKey: .mediaType)
    try values.encode(isPublished, forKey: .isPublished)
    try values.encode(content.byteCount, forKey: .bytes)
    try values.encode(content.digest, forKey: .digest)
    try values.encodeIfPresent(table, forKey: .table)
  }
}

/// What the record holds under a key, with the JSON texts not parsed.
struct RecordedResult: Sendable {
  /// How the record was asked for the files.
  private enum Form { case json, brief }

  var key: StageKey
  var versions: String
  private var form: Form
  private var filesText: String
  private var warningsJSON: String

  init(_ row: Row) throws(Diagnostic) {
    try self.init(row, .json, files: row.string("files"))
  }

  /// - Parameter row: with the files as `Self.briefFiles` gives them.
  init(brief row: Row) throws(Diagnostic) {
    try self.init(row, .brief, files: row.optionalString("files") ?? "")
  }

  private init(_ row: Row, _ form: Form, files: String) throws(Diagnostic) {
    key = StageKey(try row.digest("key"))
    versions = try row.string("versions")
    warningsJSON = try row.string("warnings")
    self.form = form
    filesText = files
  }

  /// An expression for what of each file tells whether it is there and was published: its digest,
  /// bytes, whether it is published, and name. With the tables' descriptions a file takes ten times
  /// as long to read, and they are needed only where something new is published.
  static func briefFiles(_ files: String) -> String {
    """
    (SELECT string_agg(concat_ws(' ', f ->> 'digest', f ->> 'bytes', f ->> 'isPublished', f ->> 'name'), E'\\n'
      ORDER BY place) FROM jsonb_array_elements(\(files)) WITH ORDINALITY AS e (f, place))
    """
  }

  /// Whether the files lack their media types and the descriptions of tables.
  var isBrief: Bool { form == .brief }

  func files() throws -> [RecordedFile] {
    switch form {
    case .json: try JSONDecoder().decode([RecordedFile].self, from: Data(filesText.utf8))
    case .brief:
      try filesText.utf8.split(separator: UInt8(ascii: "\n")).map { line throws(Diagnostic) in
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 3).map { Substring($0) }
        guard words.count == 4, let digest = SHA256Digest(hex: words[0]), let bytes = Int(words[1])
        else { throw Diagnostic(.bug, "a file of a recorded result is malformed") }
        return RecordedFile(
          name: String(words[3]), mediaType: "", isPublished: words[2] == "true",
          content: Blob(digest: digest, byteCount: bytes))
      }
    }
  }

  func warnings() throws -> [Warning] {
    warningsJSON == "[]"
      ? [] : try JSONDecoder().decode([Warning].self, from: Data(warningsJSON.utf8))
  }
}

extension RunRecord {
  /// The recorded result of a key; `nil` without one.
  func result(_ key: StageKey) throws(Diagnostic) -> RecordedResult? {
    try connection.queryPrepared(
      "SELECT encode(key, 'hex') AS key, files, warnings, versions FROM yearbook.result WHERE key = $1",
      ["\\x" + key.hex]
    ).first.map { row throws(Diagnostic) in try RecordedResult(row) }
  }

  /// Records results whose files are durable. A new result under a known key replaces the old one,
  /// because the old one's files are gone.
  func add(_ results: [StageResult], run: String, versions: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    func json(_ value: some Encodable) throws -> String {
      String(decoding: try encoder.encode(value), as: UTF8.self)
    }
    // One row per key and statement, in the order of keys, so that two runs never deadlock.
    let ordered = Dictionary(results.map { ($0.key, $0) }) { _, last in last }
      .values.sorted { $0.key < $1.key }
    for part in ordered.parts(of: Self.rowsAtOnce) {
      try connection.queryPrepared(
        """
        INSERT INTO yearbook.result
          (key, tenant_id, stage, inputs, files, warnings, versions, seconds, run_id, pipeline, period)
        SELECT k::bytea, t, s, i::jsonb, f::jsonb, w::jsonb, $1, c, $2, p, d
        FROM unnest($3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::real[],
          $10::text[], $11::text[]) AS u (k, t, s, i, f, w, c, p, d)
        ON CONFLICT (key) DO UPDATE SET files = excluded.files, warnings = excluded.warnings,
          versions = excluded.versions, seconds = excluded.seconds, run_id = excluded.run_id, made = now()
        """,
        [
          versions, run,
          Quoting.array(part.map { "\\x" + $0.key.hex }), Quoting.array(part.map(\.tenantID)),
          Quoting.array(part.map(\.stage)), Quoting.array(try part.map { try json($0.inputs) }),
          Quoting.array(try part.map { try json($0.files) }),
          Quoting.array(try part.map { $0.warnings.isEmpty ? "[]" : try json($0.warnings) }),
          Quoting.array(part.map { String($0.seconds) }),
          Quoting.array(part.map { $0.partition?.pipeline }),
          Quoting.array(part.map { $0.partition?.period.description }),
        ])
    }
  }

  /// Rows in one statement: enough that the round trip costs little.
  static let rowsAtOnce = 500
}

extension Array {
  /// The elements in order, in parts of at most `count`.
  func parts(of count: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: self.count, by: count).map { self[$0..<Swift.min($0 + count, self.count)] }
  }
}

// MARK: - Trials and media

extension RunRecord {
  /// Whether the trial was passed, and what the queries read, if that is recorded and current.
  func trial(_ fingerprint: String) throws -> (isPassed: Bool, reads: PipelineReads?) {
    guard
      let row = try connection.query(
        "SELECT reads FROM yearbook.trial WHERE fingerprint = $1", ["\\x" + fingerprint]
      ).first
    else { return (false, nil) }
    guard let text = try row.optionalString("reads") else { return (true, nil) }
    do {
      let reads = try JSONDecoder().decode(PipelineReads.self, from: Data(text.utf8))
      return (true, reads.isCurrent ? reads : nil)
    } catch {
      // Another version of the program wrote it: it is read from the SQL again.
      return (true, nil)
    }
  }

  func addTrial(_ fingerprint: String, pipeline: String, reads: PipelineReads) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    try connection.query(
      """
      INSERT INTO yearbook.trial (fingerprint, pipeline, reads) VALUES ($1, $2, $3)
      ON CONFLICT (fingerprint) DO UPDATE SET reads = excluded.reads
      """,
      [
        "\\x" + fingerprint, pipeline,
        String(decoding: try encoder.encode(reads), as: UTF8.self),
      ])
  }

  /// The known digest of a media object, if the object has not changed since it was read.
  func mediaDigest(tenant: String, key: String, size: Int64, modified: Int64) throws(Diagnostic)
    -> SHA256Digest?
  {
    try connection.query(
      "SELECT encode(digest, 'hex') AS digest FROM yearbook.media"
        + " WHERE tenant_id = $1 AND object_key = $2 AND size = $3 AND modified_ns = $4",
      [tenant, key, String(size), String(modified)]
    ).first.map { row throws(Diagnostic) in try row.digest("digest") }
  }

  func addMedia(
    tenant: String, key: String, size: Int64, modified: Int64, digest: SHA256Digest
  ) throws(Diagnostic) {
    try connection.query(
      """
      INSERT INTO yearbook.media (tenant_id, object_key, size, modified_ns, digest)
      VALUES ($1, $2, $3, $4, $5)
      ON CONFLICT (tenant_id, object_key) DO UPDATE SET size = excluded.size,
        modified_ns = excluded.modified_ns, digest = excluded.digest
      """, [tenant, key, String(size), String(modified), "\\x" + digest.hex])
  }
}
