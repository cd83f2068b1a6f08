import Basics
import Diagnostics
import Pipelines

@testable import Stages

extension FuzzTarget {
  /// A dataset is refused or read; what was read is written and read again the same.
  @Sendable static func checkTable(_ bytes: [UInt8]) throws {
    var table: Table?
    try accepts([.data]) { table = try read(bytes) }
    guard let table else { return }
    let again = try read(try written(table))
    try require(again.names == table.names && again.rows == table.rows, "\(table) became \(again)")
  }

  /// Cells, each after a byte that says which kind it is: what is written is read again the same.
  @Sendable static func checkCells(_ bytes: [UInt8]) throws {
    let cells = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
      $0.first == UInt8(ascii: "N") ? nil : Array($0.dropFirst())
    }
    let table = Table(names: ["a"], rows: cells.map { [$0] })
    let again = try read(try written(table))
    try require(again.rows == table.rows, "\(table) became \(again)")
    for cell in cells.compactMap(\.self) {
      let shown = TableBytes { "/nowhere" }
      TableCell.writeForPeople(cell, to: shown)
      var text = try content(shown)[...]
      if text.first == UInt8(ascii: "\"") { text = text.dropFirst() }
      try require(text.first.map { !"=+-@\t\r\n".utf8.contains($0) } ?? false, "a formula: \(cell)")
    }
  }

  private struct Table: Equatable {
    var names: [[UInt8]?]
    var rows: [[[UInt8]?]]

    init(names: [String], rows: [[[UInt8]?]]) {
      self.names = names.map { Array($0.utf8) }
      self.rows = rows
    }
  }

  private static func read(_ bytes: [UInt8]) throws -> Table {
    let reader = try TableReader(
      Dataset(
        name: "d", columns: [], rows: 0, bytes: bytes.count, digest: SHA256Digest(of: bytes),
        content: .memory(HeldBytes(bytes))))
    var table = Table(names: reader.names, rows: [])
    while try reader.next() {
      table.rows.append(reader.names.indices.map { reader[$0].map { Array($0) } })
    }
    return table
  }

  private static func written(_ table: Table) throws -> [UInt8] {
    let bytes = TableBytes { "/nowhere" }
    for row in [table.names] + table.rows {
      for (place, cell) in row.enumerated() {
        if place > 0 { bytes.append(UInt8(ascii: ",")) }
        if let cell { TableCell.write(cell, delimiter: UInt8(ascii: ","), to: bytes) }
      }
      bytes.append([13, 10])
    }
    return try content(bytes)
  }

  private static func content(_ bytes: TableBytes) throws -> [UInt8] {
    guard case .bytes(let content) = try bytes.finish() else { return [] }
    return content
  }
}
