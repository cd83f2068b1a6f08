import Basics
import Foundation
import Pipelines
import TestSupport
import Testing

@testable import Stages

/// Random tables, written as `aggregate` writes them and read back.
@Suite struct TablePropertyTests {
  /// Rows of cells, `nil` for NULL.
  private typealias Table = [[String?]]

  /// Texts are made of what has a meaning to some reader, letters of one to four bytes, and blanks.
  private func table(_ random: inout SeededRandom) -> Table {
    let pieces = [
      ",", ";", "\"", "\"\"", "\n", "\r", "\r\n", "'", "=", "-", "+", "@", "\t", " ", "a", "é", "世",
      "😀",
      "\u{FEFF}", "\u{301}", "\\", "NULL",
    ]
    let columns = random.number(1...4)
    return (0..<random.number(0...5)).map { _ in
      (0..<columns).map { _ in
        random.isOne(of: 6)
          ? nil : (0..<random.number(0...5)).map { _ in random.pick(pieces) }.joined()
      }
    }
  }

  private func names(_ table: Table) -> [String] {
    (0..<(table.first?.count ?? 1)).map { "c\($0)" }
  }

  private func machine(_ table: Table, lineEnd: String = "\r\n") throws -> [UInt8] {
    let bytes = TableBytes { "/nowhere" }
    bytes.append(Array((names(table).joined(separator: ",") + lineEnd).utf8))
    for row in table {
      for (place, cell) in row.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        if let cell { TableCell.write(cell.utf8, delimiter: UInt8(ascii: ","), to: bytes) }
      }
      bytes.append(Array(lineEnd.utf8))
    }
    return try content(bytes)
  }

  private func spreadsheet(_ table: Table) throws -> [UInt8] {
    let bytes = TableBytes { "/nowhere" }
    bytes.append([0xEF, 0xBB, 0xBF])
    bytes.append(Array((names(table).joined(separator: ";") + "\r\n").utf8))
    for row in table {
      for (place, cell) in row.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ";")) }
        if let cell { TableCell.writeForPeople(Array(cell.utf8), to: bytes) }
      }
      bytes.append([13, 10])
    }
    return try content(bytes)
  }

  private func content(_ bytes: TableBytes) throws -> [UInt8] {
    guard case .bytes(let content) = try bytes.finish() else { return [] }
    return content
  }

  private func read(_ reader: TableReader) throws -> Table {
    var rows: Table = []
    while try reader.next() { rows.append(reader.names.indices.map { reader.text($0) }) }
    return rows
  }

  @Test func `A table reads back cell by cell, from memory and from a file`() throws {
    for seed in Seeds.of(few: 500, many: 100_000) {
      var random = SeededRandom(seed: seed)
      let table = table(&random)
      let bytes = try machine(table, lineEnd: random.pick(["\n", "\r\n"]))
      let dataset = Dataset(
        name: "d", columns: [], rows: table.count, bytes: bytes.count,
        digest: SHA256Digest(of: bytes), content: .memory(HeldBytes(bytes)))
      #expect(try read(TableReader(dataset)) == table, "seed \(seed)")
      try withTemporaryFolder(inMemory: true) { folder in
        let path = "\(folder)/d.csv"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try read(TableReader(path: path, label: "d")) == table, "seed \(seed)")
      }
    }
  }

  /// Larger than what the reader holds at once, so that every kind of byte comes to lie at the border.
  @Test func `A large file reads back wherever it is cut into pieces`() throws {
    for seed in Seeds.of(few: 3, many: 200) {
      var random = SeededRandom(seed: seed)
      var large: Table = []
      while large.count < 20_000 {
        large += table(&random).filter { $0.count == 2 }
      }
      try withTemporaryFolder(inMemory: true) { folder in
        let path = "\(folder)/d.csv"
        let bytes = try machine(large)
        #expect(bytes.count > 3 << 16)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(try read(TableReader(path: path, label: "d")) == large, "seed \(seed)")
      }
    }
  }

  private static let python = Places.program("python3")

  @Test(.enabled(if: python != nil, "python3 is not installed"))
  func `Python reads the same cells from both forms, and no spreadsheet sees a formula`() throws {
    let seeds = Seeds.of(few: 300, many: 10_000)
    let tables = seeds.map { seed in
      var random = SeededRandom(seed: seed)
      return table(&random)
    }
    try withTemporaryFolder(inMemory: true) { folder in
      for (seed, table) in zip(seeds, tables) {
        try Data(machine(table)).write(to: URL(fileURLWithPath: "\(folder)/\(seed).csv"))
        try Data(spreadsheet(table)).write(to: URL(fileURLWithPath: "\(folder)/\(seed).excel.csv"))
      }
      let script = """
        import csv, json, sys
        def rows(path, encoding, delimiter):
            with open(path, encoding=encoding, newline="") as file:
                return list(csv.reader(file, delimiter=delimiter, strict=True))
        for seed in range(int(sys.argv[1]), int(sys.argv[2])):
            print(json.dumps([rows(f"{seed}.csv", "utf-8", ","),
                              rows(f"{seed}.excel.csv", "utf-8-sig", ";")]))
        """
      let judged = try Program.run(
        [
          try #require(Self.python), "-c", script, String(seeds.lowerBound),
          String(seeds.upperBound),
        ], in: folder)
      #expect(judged.status == 0, "\(judged.output.suffix(500))")
      let lines = judged.output.split(separator: "\n")
      #expect(lines.count == tables.count)
      for ((seed, table), line) in zip(zip(seeds, tables), lines) {
        let read = try JSONDecoder().decode([[[String]]].self, from: Data(line.utf8))
        // Python has no NULL, and of a line without anything no cell.
        let plain = [names(table)] + table.map { $0.map { $0 ?? "" } }
        let told = { (rows: [[String]]) in rows.map { $0.isEmpty ? [""] : $0 } }
        #expect(told(read[0]) == plain, "seed \(seed)")
        let shown = plain.map { $0.map(Self.neutralised) }
        #expect(told(read[1]) == shown, "seed \(seed)")
      }
    }
  }

  /// By the first byte: of what is put together with a letter before it too.
  private static func neutralised(_ cell: String) -> String {
    cell.unicodeScalars.first.map { "=+-@\t\r\n".unicodeScalars.contains($0) } == true
      ? "'" + cell : cell
  }
}
