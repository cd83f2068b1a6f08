import Basics
import Diagnostics
package import Pipelines

/// One shard's rows of one query for one tenant, or for all tenants together.
package struct ShardPart: Sendable {
  /// The shard's number, from 1.
  package var shard: Int
  package var dataset: Dataset

  package init(shard: Int, dataset: Dataset) {
    self.shard = shard
    self.dataset = dataset
  }
}

/// Makes one dataset of the rows that shards have of one query: all rows, in the query's order.
package struct ShardMerge {
  private let query: ExtractSpec.Query
  /// Whether each row begins with its tenant's id, which is not a part of the dataset.
  private let hasTenant: Bool

  package init(_ query: ExtractSpec.Query, hasTenant: Bool = false) {
    self.query = query
    self.hasTenant = hasTenant
  }

  /// Merges the parts.
  ///
  /// - Throws: `data` if two shards have a row with the same key: it would be counted twice.
  package func run(_ parts: [ShardPart], into writer: any DatasetWriter) throws -> Dataset {
    guard let columns = parts.first?.dataset.columns else {
      throw Diagnostic(.bug, "the query '\(query.name)' was read on no shard")
    }
    guard parts.allSatisfy({ $0.dataset.columns == columns }) else {
      throw Diagnostic(
        .configuration, "the query '\(query.name)' has other columns on another shard",
        at: .init(file: query.file), hint: "the shards' tables must be the same")
    }
    let tenant = hasTenant ? [ExtractSpec.Order(column: columns[0].name, descending: false)] : []
    let order = try RowOrder(query.order + tenant, columns)
    var heads: [(shard: Int, rows: DatasetRows, row: DatasetRows.Row)] = []
    for part in parts {
      let rows = try DatasetRows(part.dataset)
      if let row = try rows.next() { heads.append((part.shard, rows, row)) }
    }
    let shown = Array(columns.dropFirst(hasTenant ? 1 : 0))
    var buffer = Array((shown.map(\.name).joined(separator: ",") + "\n").utf8)
    var count = 0
    while let first = heads.indices.min(by: { order.compare(heads[$0].row, heads[$1].row) < 0 }) {
      let head = heads[first]
      for other in heads where other.shard != head.shard && order.compare(other.row, head.row) == 0
      {
        throw twice(min(head.shard, other.shard), max(head.shard, other.shard))
      }
      buffer += hasTenant ? Self.withoutFirst(head.row.line) : head.row.line[...]
      count += 1
      if buffer.count >= 1 << 16 { try Self.flush(&buffer, writer) }
      if let next = try head.rows.next() {
        heads[first].row = next
      } else {
        heads.remove(at: first)
      }
    }
    try Self.flush(&buffer, writer)
    let file = try writer.finish()
    return Dataset(
      name: query.name, columns: shown, rows: count, bytes: file.bytes, digest: file.digest,
      content: file.content)
  }

  private func twice(_ one: Int, _ other: Int) -> Diagnostic {
    let key = query.order.map(\.column).joined(separator: ", ")
    return Diagnostic(
      .data,
      "the shards \(one) and \(other) both have a row of the query '\(query.name)' with the same"
        + " \(key.isEmpty ? "key (the query has no order)" : key)",
      at: .init(file: query.file),
      hint:
        "a row that is being moved is on both: retry when it has moved; if the shards' rows must"
        + " be added up, say combine: FILE.sql")
  }

  /// A line without its first value.
  private static func withoutFirst(_ line: [UInt8]) -> ArraySlice<UInt8> {
    var isQuoted = false
    let comma = line.firstIndex { byte in
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      return byte == UInt8(ascii: ",") && !isQuoted
    }
    return line[(comma.map { $0 + 1 } ?? line.startIndex)...]
  }

  private static func flush(_ buffer: inout [UInt8], _ writer: any DatasetWriter) throws {
    try buffer.withUnsafeBytes { bytes in if !bytes.isEmpty { try writer.append(bytes) } }
    buffer.removeAll(keepingCapacity: true)
  }
}
