package import Basics

/// The rows of one query for one partition as CSV: in memory while they are few, else a file in the
/// workspace.
///
/// RFC 4180 with LF, as PostgreSQL prints it: a header line; NULL is an unquoted empty field, `''`
/// a quoted one.
package struct Dataset: Sendable, Hashable {
  /// A column of the query, without `tenant_id`.
  package struct Column: Sendable, Hashable, Codable {
    package var name: String
    /// PostgreSQL's name of the type: `text`, `integer`, `numeric`, `timestamp with time zone` …
    package var type: String

    package init(name: String, type: String) {
      self.name = name
      self.type = type
    }
  }

  /// Where the bytes are.
  package enum Content: Sendable, Hashable {
    case memory(HeldBytes)
    case file(path: String)
    /// Nobody read the rows, as they are known to be the same as in an earlier run. Whoever needs
    /// them throws `UnreadRows`.
    case unread
  }

  /// The dataset, known by its digest alone.
  package var withoutRows: Dataset {
    var dataset = self
    dataset.content = .unread
    return dataset
  }

  package var name: String
  package var columns: [Column]
  package var rows: Int
  package var bytes: Int
  /// SHA-256 of the content.
  package var digest: SHA256Digest
  package var content: Content

  package init(
    name: String, columns: [Column], rows: Int, bytes: Int, digest: SHA256Digest, content: Content
  ) {
    self.name = name
    self.columns = columns
    self.rows = rows
    self.bytes = bytes
    self.digest = digest
    self.content = content
  }
}

/// A stage needs rows that were not read: the engine reads them and begins again.
package struct UnreadRows: Error {
  package init() {}
}

/// Bytes that count against a limit as long as something holds them.
package final class HeldBytes: Sendable, Hashable {
  package let bytes: [UInt8]
  private let release: @Sendable () -> Void

  /// - Parameter release: called when the last holder releases the bytes.
  package init(_ bytes: [UInt8], release: @escaping @Sendable () -> Void = {}) {
    self.bytes = bytes
    self.release = release
  }

  deinit { release() }

  package static func == (one: HeldBytes, other: HeldBytes) -> Bool { one.bytes == other.bytes }
  package func hash(into hasher: inout Hasher) { hasher.combine(bytes) }
}
