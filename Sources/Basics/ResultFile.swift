/// One file of a result: what a stage made, what the record names, what a release publishes.
///
/// What is known of its bytes is the parameter: a stage has just made them (`StageOutput.Content`),
/// the record knows their digest and size (`Blob`), a later stage also knows their path
/// (`StoredContent`), and a release takes them from a path or from memory (`ReleaseContent`).
package struct ResultFile<Content: Sendable>: Sendable {
  /// `[a-z0-9._/-]+`, the published name below `data/`.
  package var name: String
  /// `text/html`, `text/csv`, `video/mp4` …
  package var mediaType: String
  /// Whether it belongs in the release, or only feeds the next stage.
  package var isPublished: Bool
  /// For a CSV file: what other tools need to read it as a table.
  package var table: TableDescription?
  package var content: Content

  package init(
    name: String, mediaType: String, isPublished: Bool = true, table: TableDescription? = nil,
    content: Content
  ) {
    self.name = name
    self.mediaType = mediaType
    self.isPublished = isPublished
    self.table = table
    self.content = content
  }

  /// The same file, with more or less known of its bytes.
  package func with<Other>(_ content: Other) -> ResultFile<Other> {
    ResultFile<Other>(
      name: name, mediaType: mediaType, isPublished: isPublished, table: table, content: content)
  }
}

extension ResultFile: Equatable where Content: Equatable {}
extension ResultFile: Hashable where Content: Hashable {}

/// The bytes of a file that lies somewhere, with their digest.
package struct StoredContent: Sendable, Hashable {
  package var digest: SHA256Digest
  package var byteCount: Int
  /// Where the file lies now.
  package var path: String

  package init(digest: SHA256Digest, byteCount: Int, path: String) {
    self.digest = digest
    self.byteCount = byteCount
    self.path = path
  }
}

extension ResultFile where Content == StoredContent {
  package var digest: SHA256Digest { content.digest }
  package var byteCount: Int { content.byteCount }
  package var path: String { content.path }
}

/// The bytes that a release takes, with the digest that they must have.
package struct ReleaseContent: Sendable, Hashable {
  /// Where the bytes are.
  package enum Source: Sendable, Hashable {
    case bytes([UInt8])
    /// The path of a file, which is copied and never linked or moved away.
    case file(String)
  }

  package var digest: SHA256Digest
  package var byteCount: Int
  package var source: Source

  package init(digest: SHA256Digest, byteCount: Int, source: Source) {
    self.digest = digest
    self.byteCount = byteCount
    self.source = source
  }
}

extension ResultFile where Content == ReleaseContent {
  package var digest: SHA256Digest { content.digest }
  package var byteCount: Int { content.byteCount }

  /// A published file from bytes in memory.
  package init(name: String, bytes: [UInt8], mediaType: String, table: TableDescription? = nil) {
    self.init(
      name: name, mediaType: mediaType, table: table,
      content: ReleaseContent(
        digest: SHA256Digest(of: bytes), byteCount: bytes.count, source: .bytes(bytes)))
  }
}

/// What a data package says of a CSV file: Frictionless' Table Schema and CSV dialect, as JSON
/// texts.
package struct TableDescription: Sendable, Hashable, Codable {
  package var schemaJSON: String
  /// `nil` for the usual dialect: RFC 4180 with a header.
  package var dialectJSON: String?
  /// Rows without the header; `nil` where nobody counted.
  package var rows: Int?
  /// `utf-8`, or `utf-8-sig` with a byte order mark.
  package var encoding: String

  package init(
    schemaJSON: String, dialectJSON: String? = nil, rows: Int? = nil, encoding: String = "utf-8"
  ) {
    self.schemaJSON = schemaJSON
    self.dialectJSON = dialectJSON
    self.rows = rows
    self.encoding = encoding
  }
}
