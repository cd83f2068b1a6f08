import Basics
import Diagnostics
import Glibc
package import Pipelines

/// Reads a CSV file row by row. Memory does not grow with the rows.
///
/// RFC 4180 with LF or CRLF. An unquoted empty field is NULL, a quoted one is the empty text.
/// Anything malformed (a quote inside an unquoted field, an unclosed quote, a row of another
/// length) is an error of code `data`. Confined to one thread.
package final class TableReader {
  /// The header's names.
  package private(set) var names: [String] = []
  /// Rows read so far, without the header.
  private(set) var rowNumber = 0

  /// The size of the file in bytes; for a large file, the size of its first chunk.
  var firstBytes: Int { chunk.count }

  private let label: String
  /// −1 if `chunk` holds the whole file.
  private let descriptor: Int32
  private var chunk: [UInt8]
  private var position = 0
  private var filled = 0
  /// The fields of the row, concatenated, without quotes.
  private var row: [UInt8] = []
  private var ends: [Int] = []
  private var quoted: [Bool] = []
  /// The row before it, in the same form.
  private var lastRow: [UInt8] = []
  private var lastEnds: [Int] = []
  private var lastQuoted: [Bool] = []

  /// - Parameter label: the name of the file in messages; not its path.
  init(path: String, label: String) throws {
    self.label = label
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw Diagnostic(.io, "the dataset '\(label)' can't be opened: error \(errno)")
    }
    chunk = TableReader.chunk(for: descriptor)
    try readHeader()
  }

  /// The rows of a dataset. Throws `UnreadRows` if it was not read.
  package init(_ dataset: Dataset) throws {
    label = dataset.name
    switch dataset.content {
    case .memory(let held):
      descriptor = -1
      chunk = held.bytes
      filled = chunk.count
    case .file(let path):
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw Diagnostic(.io, "the dataset '\(label)' can't be opened: error \(errno)")
      }
      chunk = TableReader.chunk(for: descriptor)
    case .unread: throw UnreadRows()
    }
    try readHeader()
  }

  /// A buffer for a whole small file, or for a part of a large one.
  private static func chunk(for descriptor: Int32) -> [UInt8] {
    var status = stat()
    let size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 1 << 16
    return [UInt8](repeating: 0, count: min(max(size, 1 << 9), 1 << 16))
  }

  private func readHeader() throws {
    guard try readRow() else { throw malformed("has no header") }
    names = (0..<ends.count).map { String(decoding: self[$0] ?? [], as: UTF8.self) }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Goes to the next row; false at the end.
  package func next() throws -> Bool {
    swap(&row, &lastRow)
    swap(&ends, &lastEnds)
    swap(&quoted, &lastQuoted)
    guard try readRow() else { return false }
    rowNumber += 1
    guard ends.count == names.count else {
      throw malformed("has \(ends.count) fields where \(names.count) are expected")
    }
    return true
  }

  /// A field of the row, `nil` for NULL. The slice is valid until the next row.
  subscript(index: Int) -> ArraySlice<UInt8>? {
    let start = index == 0 ? 0 : ends[index - 1]
    if start == ends[index], !quoted[index] { return nil }
    return row[start..<ends[index]]
  }

  /// Whether the row and the one before it have the same values in these columns.
  func repeats(_ indexes: some Sequence<Int>) -> Bool {
    guard rowNumber > 1 else { return false }
    return indexes.allSatisfy { index in
      let last = (index == 0 ? 0 : lastEnds[index - 1])..<lastEnds[index]
      let now = (index == 0 ? 0 : ends[index - 1])..<ends[index]
      return last.count == now.count && quoted[index] == lastQuoted[index]
        && lastRow[last] == row[now]
    }
  }

  /// The text of a field of the row; `nil` for NULL.
  package func text(_ index: Int) -> String? {
    self[index].map { String(decoding: $0, as: UTF8.self) }
  }

  /// The index of a column. Throws `configuration` if the query has no such column.
  func index(of name: String) throws -> Int {
    guard let index = names.firstIndex(of: name) else {
      throw Diagnostic(
        .configuration, "the query '\(label)' has no column '\(name)'",
        hint: NearestWords.hint(for: name, in: names))
    }
    return index
  }

  /// An error of the row that was just read.
  func malformed(_ what: String) -> Diagnostic { Diagnostic(.data, "\(rowLabel) \(what)") }

  /// The name of the row that was just read, for messages: its number, and its `id` if that looks
  /// like an id and not like text that somebody typed.
  var rowLabel: String {
    var label = "row \(rowNumber) of the dataset '\(label)'"
    if rowNumber > 0, ends.count == names.count, let id = names.firstIndex(of: "id").flatMap(text),
      (1...36).contains(id.utf8.count),
      id.allSatisfy({ $0.isASCII && ($0.isHexDigit || $0 == "-") })
    {
      label += " (id \(id))"
    }
    return label
  }

  private enum State { case start, plain, quoted, closed }

  private func readRow() throws -> Bool {
    row.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    quoted.removeAll(keepingCapacity: true)
    var state = State.start
    var isQuoted = false
    var sawCarriageReturn = false
    var isEmptyLine = true
    while true {
      if position == filled, try !refill() {
        if state == .quoted { throw malformed("is cut off inside quotes") }
        if sawCarriageReturn { throw malformed("has a carriage return outside quotes") }
        if isEmptyLine { return false }
        endField(isQuoted)
        return true
      }
      // Most bytes are plain text up to the next special byte: copied in one piece.
      if copyPlain(inQuotes: state == .quoted) {
        if sawCarriageReturn { throw malformed("has a carriage return outside quotes") }
        if state == .closed { throw malformed("has a stray quote") }
        isEmptyLine = false
        if state == .start { state = .plain }
        continue
      }
      let byte = chunk[position]
      position += 1
      isEmptyLine = false
      if sawCarriageReturn, byte != UInt8(ascii: "\n") {
        throw malformed("has a carriage return outside quotes")
      }
      switch (state, byte) {
      case (.quoted, _): state = .closed
      case (.closed, UInt8(ascii: "\"")):
        row.append(byte)
        state = .quoted
      case (_, UInt8(ascii: ",")):
        endField(isQuoted)
        isQuoted = false
        state = .start
      case (_, UInt8(ascii: "\n")):
        endField(isQuoted)
        return true
      case (_, UInt8(ascii: "\r")): sawCarriageReturn = true
      case (.start, _):
        isQuoted = true
        state = .quoted
      default: throw malformed("has a stray quote")
      }
    }
  }

  /// Copies the plain bytes from here to the row; `false` if there are none.
  private func copyPlain(inQuotes: Bool) -> Bool {
    chunk.withUnsafeBufferPointer { bytes in
      var end = position
      let filled = filled
      if inQuotes {
        while end < filled, bytes[end] != UInt8(ascii: "\"") { end += 1 }
      } else {
        // None of the four special bytes is above the comma.
        while end < filled,
          bytes[end] > UInt8(ascii: ",")
            || bytes[end] != UInt8(ascii: ",") && bytes[end] != UInt8(ascii: "\n")
              && bytes[end] != UInt8(ascii: "\"") && bytes[end] != UInt8(ascii: "\r")
        {
          end += 1
        }
      }
      guard end > position else { return false }
      row.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[position..<end]))
      position = end
      return true
    }
  }

  private func endField(_ isQuoted: Bool) {
    ends.append(row.count)
    quoted.append(isQuoted)
  }

  private func refill() throws -> Bool {
    if descriptor < 0 { return false }
    let count = chunk.withUnsafeMutableBytes { room in
      retryingInterrupts { read(descriptor, room.baseAddress, room.count) }
    }
    guard count >= 0 else {
      throw Diagnostic(.io, "the dataset '\(label)' can't be read: error \(errno)")
    }
    position = 0
    filled = count
    return count > 0
  }
}
