import Basics
import Diagnostics
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Extraction
@testable import Pipelines

/// Rows of several shards are merged in the order that PostgreSQL itself gives them.
@Suite struct RowOrderTests {
  /// Values of each type, with those that a comparison of texts gets wrong.
  private static let values: [(type: String, values: [String])] = [
    ("integer", ["-10", "-9", "0", "9", "10", "100", "2147483647", "-2147483648"]),
    ("bigint", ["9223372036854775807", "-9223372036854775808", "5", "40"]),
    (
      "numeric",
      [
        "0", "-0.5", "-0.05", "0.5", "1.0", "1.00", "10", "9.99", "-10", "-9.99", "NaN", "1e30",
        "-1e30", "0.000000001", "123456789012345678901234567890.1", "1.10", "1.1",
      ]
    ),
    (
      "text",
      ["", "a", "B", "ab", "a b", "a,b", "a\"b", "ä", "Z", "é", "😀", "a\nb", "￿", "-", "10", "9"]
    ),
    ("char(5)", ["a", "ab", "a b", "", "B"]),
    ("boolean", ["t", "f"]),
    ("date", ["0001-01-03", "2025-12-31", "2026-01-01", "9998-12-30"]),
    (
      "timestamptz",
      [
        "2026-01-01 00:00:00+00", "2026-01-01 00:00:00.5+00", "2026-01-01 00:00:00.51+00",
        "2026-01-01 00:00:00.000001+00", "2025-12-31 23:59:59.999999+00", "1969-12-31 23:00:00+05",
      ]
    ),
    (
      "uuid",
      [
        "00000000-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001",
        "0a000000-0000-4000-8000-000000000001",
      ]
    ),
  ]

  @Test(arguments: values)
  func `Two values have the order that PostgreSQL gives them`(
    _ type: String, _ values: [String]
  ) throws {
    try withDatabase { conninfo in
      let connection = try Connection(conninfo)
      for descending in [false, true] {
        let word = descending ? "DESC" : ""
        let isText = ["text", "char(5)"].contains(type)
        let rows = try connection.query(
          """
          SELECT a.v::text AS a, b.v::text AS b, a.v IS NULL AS no_a, b.v IS NULL AS no_b,
            CASE WHEN a.v IS NOT DISTINCT FROM b.v THEN 0
              WHEN (SELECT n FROM (VALUES (1, a.v), (2, b.v)) q (n, v)
                ORDER BY v\(isText ? " COLLATE \"C\"" : "") \(word) LIMIT 1) = 1 THEN -1 ELSE 1 END AS wanted
          FROM (SELECT n, x::\(type) AS v FROM unnest($1::text[]) WITH ORDINALITY u (x, n)
            UNION ALL SELECT 0, NULL) a
          CROSS JOIN (SELECT n, x::\(type) AS v FROM unnest($1::text[]) WITH ORDINALITY u (x, n)
            UNION ALL SELECT 0, NULL) b
          """, [Quoting.array(values)])
        #expect(rows.count == (values.count + 1) * (values.count + 1))
        let named = type == "char(5)" ? "char" : type
        let order = try RowOrder(
          [.init(column: "v", descending: descending)], [.init(name: "v", type: named)])
        for row in rows {
          func read(_ name: String) throws -> DatasetRows.Row {
            let value = try row.bool("no_\(name)") ? nil : Array(row.string(name).utf8)
            return DatasetRows.Row(line: [], values: [value])
          }
          let (a, b) = (try read("a"), try read("b"))
          let wanted = try row.int("wanted")
          let shown = [try row.optionalString("a"), try row.optionalString("b")]
          #expect(order.compare(a, b).signum() == wanted, "\(type) \(word): \(shown)")
        }
      }
    }
  }

  private final class Keeping: DatasetWriter {
    var text: [UInt8] = []
    func append(_ bytes: UnsafeRawBufferPointer) { text += bytes }
    func finish() -> (content: Dataset.Content, digest: SHA256Digest, bytes: Int) {
      (.memory(HeldBytes(text)), SHA256Digest(of: text), text.count)
    }
  }

  private static let columns: [Dataset.Column] = [
    .init(name: "n", type: "integer"), .init(name: "t", type: "text"),
  ]

  private static func part(_ shard: Int, _ text: String, inFile folder: String? = nil) throws
    -> ShardPart
  {
    let bytes = Array(("n,t\n" + text).utf8)
    var content = Dataset.Content.memory(HeldBytes(bytes))
    if let folder {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(shard)"))
      content = .file(path: "\(folder)/\(shard)")
    }
    return ShardPart(
      shard: shard,
      dataset: Dataset(
        name: "q", columns: columns, rows: 0, bytes: bytes.count, digest: SHA256Digest(of: bytes),
        content: content))
  }

  private static let query = ExtractSpec.Query(
    name: "q", file: "q.sql", sql: "", order: [.init(column: "n", descending: false)])

  @Test func `Rows with quotes and lines of their own are merged byte for byte, from files too`()
    throws
  {
    // More than one piece of a file.
    let long = String(repeating: "long \"\"text\"\"\n, ", count: 30_000)
    let (one, two) = ("1,\"a\"\"b\nc\"\n3,\"\(long)\"\n5,\n", "2,\"\"\n4,x\n")
    try withTemporaryFolder { folder in
      for place in [nil, folder] {
        let writer = Keeping()
        let made = try ShardMerge(Self.query).run(
          [try Self.part(1, one, inFile: place), try Self.part(2, two, inFile: place)], into: writer
        )
        #expect(made.rows == 5)
        let wanted = "n,t\n1,\"a\"\"b\nc\"\n2,\"\"\n3,\"\(long)\"\n4,x\n5,\n"
        #expect(String(decoding: writer.text, as: UTF8.self) == wanted)
      }
    }
  }

  @Test func `A row on two shards is not counted twice`() throws {
    do {
      _ = try ShardMerge(Self.query).run(
        [try Self.part(1, "1,a\n2,b\n"), try Self.part(3, "2,b\n3,c\n")], into: Keeping())
      Issue.record("the row 2 counted twice")
    } catch let error as Diagnostic {
      #expect(error.code == .data && error.message.contains("shards 1 and 3"), "\(error)")
      #expect(error.message.contains("same n"))
    }
  }
}
