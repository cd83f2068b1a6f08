import Diagnostics
import Foundation
import TestSupport
import Testing

@testable import Stages

@Suite struct TableReaderTests {
  private func rows(_ text: String) throws -> [[String?]] {
    try withTemporaryFolder { folder in
      let path = "\(folder)/d.csv"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let reader = try TableReader(path: path, label: "d")
      var rows: [[String?]] = []
      while try reader.next() { rows.append(reader.names.indices.map { reader.text($0) }) }
      return rows
    }
  }

  @Test(arguments: [
    ("id,a\n7f0c-11,x\n", "row 1 of the dataset 'd' (id 7f0c-11)"),
    ("id,a\n42,x\n", "row 1 of the dataset 'd' (id 42)"),
    // A value that somebody could have typed is not repeated.
    ("id,a\nAna,x\n", "row 1 of the dataset 'd'"), ("id,a\n,x\n", "row 1 of the dataset 'd'"),
    ("a,b\n1,x\n", "row 1 of the dataset 'd'"),
  ])
  func `A faulty row is named by its number and the platform's id`(
    text: String, label: String
  ) throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/d.csv"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let reader = try TableReader(path: path, label: "d")
      #expect(try reader.next())
      #expect(reader.malformed("is odd").message == label + " is odd")
    }
  }

  @Test func `Quotes, line breaks and NULL are read by RFC 4180`() throws {
    #expect(
      try rows("a,b\n1,\"x, \"\"y\"\"\n\"\n,\"\"\n")
        == [["1", "x, \"y\"\n"], [nil, ""]])
    #expect(try rows("a,b\r\n1,2\r\n") == [["1", "2"]])
    #expect(try rows("a\n") == [])
  }

  @Test func `A file larger than the buffer is read whole`() throws {
    let long = String(repeating: "é\"\"", count: 50_000)
    let text = "a,b\n" + String(repeating: "1,\"\(long)\"\n", count: 3)
    #expect(try rows(text).map { $0[1]?.count } == [100_000, 100_000, 100_000])
  }

  @Test(arguments: [
    ("a,b\n1\n", "row 1 of the dataset 'd' has 1 fields where 2 are expected"),
    ("a,b\n1,2\n1,\"x", "row 1 of the dataset 'd' is cut off inside quotes"),
    ("a\nx\"y\n", "row 0 of the dataset 'd' has a stray quote"),
    ("a\n\"x\"y\n", "row 0 of the dataset 'd' has a stray quote"),
    ("a\nx\ry\n", "row 0 of the dataset 'd' has a carriage return outside quotes"),
    ("a\n1\r", "row 0 of the dataset 'd' has a carriage return outside quotes"),
    ("", "row 0 of the dataset 'd' has no header"),
  ])
  func `What a lenient reader forgives is an error`(text: String, message: String) {
    #expect(throws: Diagnostic(.data, message)) { try rows(text) }
  }
}

@Suite struct TableCellTests {
  private func cell(_ text: String, forPeople: Bool) throws -> String {
    let bytes = TableBytes { "/nowhere" }
    if forPeople {
      TableCell.writeForPeople(Array(text.utf8), to: bytes)
    } else {
      TableCell.write(Array(text.utf8), delimiter: UInt8(ascii: ","), to: bytes)
    }
    guard case .bytes(let result) = try bytes.finish() else { return "a file" }
    return String(decoding: result, as: UTF8.self)
  }

  @Test(arguments: [
    ("=1+2", "'=1+2"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"),
    ("\rx", "\"'\rx\""), ("\nx", "\"'\nx\""), ("=\"a\";b", "\"'=\"\"a\"\";b\""), ("a=1", "a=1"),
    ("a;b", "\"a;b\""), ("a,b", "a,b"), ("", "\"\""),
  ])
  func `A text that a spreadsheet would read as a formula is neutralised`(
    text: String, expected: String
  ) throws {
    #expect(try cell(text, forPeople: true) == expected)
  }

  @Test func `For machines a text stays as it is`() throws {
    #expect(try cell("=1+2", forPeople: false) == "=1+2")
    #expect(try cell("a,\"b\"", forPeople: false) == "\"a,\"\"b\"\"\"")
  }
}
