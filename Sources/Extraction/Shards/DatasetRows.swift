import Diagnostics
import Foundation
import Pipelines

/// The rows of a dataset, one after the other. Memory does not grow with their number.
final class DatasetRows {
  /// One row, as PostgreSQL printed it.
  struct Row {
    /// The line, with its end.
    var line: [UInt8]
    /// The values; `nil` for NULL.
    var values: [[UInt8]?]
  }

  private var buffer: [UInt8]
  private var start = 0
  private let file: FileHandle?
  private var isAtEnd: Bool
  private let name: String

  private static let pieceSize = 1 << 18
  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let end = UInt8(ascii: "\n")

  /// Begins behind the dataset's header.
  ///
  /// - Throws: `UnreadRows` for a dataset without rows; `io`.
  init(_ dataset: Dataset) throws {
    name = dataset.name
    switch dataset.content {
    case .memory(let held):
      (buffer, file, isAtEnd) = (held.bytes, nil, true)
    case .file(let path):
      guard let opened = FileHandle(forReadingAtPath: path) else {
        throw Diagnostic(.io, "the rows of the query '\(dataset.name)' cannot be read again")
      }
      (buffer, file, isAtEnd) = ([], opened, false)
    case .unread: throw UnreadRows()
    }
    _ = try next()
  }

  deinit {
    // A file that was only read has nothing to lose.
    do { try file?.close() } catch {}
  }

  /// The next row; `nil` behind the last one.
  func next() throws -> Row? {
    var place = start
    var isQuoted = false
    while true {
      while place < buffer.count {
        let byte = buffer[place]
        if byte == Self.quote { isQuoted.toggle() }
        place += 1
        if byte == Self.end, !isQuoted {
          let line = Array(buffer[start..<place])
          start = place
          return Row(line: line, values: Self.values(of: line))
        }
      }
      if isAtEnd {
        guard start == buffer.count else {
          throw Diagnostic(.bug, "the last row of the query '\(name)' has no end")
        }
        return nil
      }
      place -= start
      buffer.removeFirst(start)
      start = 0
      let piece = try file?.read(upToCount: Self.pieceSize) ?? Data()
      if piece.isEmpty { isAtEnd = true } else { buffer.append(contentsOf: piece) }
    }
  }

  /// The values of a line. An unquoted empty one is NULL, a quoted one an empty text.
  static func values(of line: [UInt8]) -> [[UInt8]?] {
    var values: [[UInt8]?] = []
    var value: [UInt8] = []
    var place = 0
    var wasQuoted = false
    while place < line.count {
      let byte = line[place]
      if byte == quote {
        wasQuoted = true
        place += 1
        while place < line.count {
          if line[place] == quote {
            guard place + 1 < line.count, line[place + 1] == quote else { break }
            place += 1
          }
          value.append(line[place])
          place += 1
        }
      } else if byte == comma || byte == end {
        values.append(value.isEmpty && !wasQuoted ? nil : value)
        value = []
        wasQuoted = false
      } else {
        value.append(byte)
      }
      place += 1
    }
    return values
  }
}
