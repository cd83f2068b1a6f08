import CLibPQ
package import Diagnostics

/// Collects rows in COPY's text form and sends them in large pieces.
package struct CopyWriter: ~Copyable {
  private let connection: Connection
  private var buffer: [UInt8] = []
  private var isFirstField = true
  /// The number of complete rows so far.
  package private(set) var rowCount = 0

  private static let pieceSize = 1 << 16

  init(_ connection: Connection) {
    self.connection = connection
    buffer.reserveCapacity(Self.pieceSize + 4096)
  }

  /// Writes a whole row; `nil` is NULL.
  package mutating func row(_ values: [String?]) throws(Diagnostic) {
    for value in values { field(value) }
    try endRow()
  }

  /// Writes the next field of the row; `nil` is NULL. The value is text that PostgreSQL can parse.
  package mutating func field(_ value: String?) {
    separate()
    guard let value else {
      buffer.append(UInt8(ascii: "\\"))
      buffer.append(UInt8(ascii: "N"))
      return
    }
    for byte in value.utf8 { escape(byte) }
  }

  /// Writes the next field, given as UTF-8 bytes.
  package mutating func field(utf8 bytes: some Sequence<UInt8>) {
    separate()
    for byte in bytes { escape(byte) }
  }

  /// Ends the row.
  package mutating func endRow() throws(Diagnostic) {
    buffer.append(UInt8(ascii: "\n"))
    isFirstField = true
    rowCount += 1
    if buffer.count >= Self.pieceSize { try flush() }
  }

  mutating func flush() throws(Diagnostic) {
    guard !buffer.isEmpty else { return }
    let sent = buffer.withUnsafeBytes { bytes in
      PQputCopyData(
        connection.handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
        Int32(bytes.count))
    }
    guard sent == 1 else { throw connection.copyFailure() }
    buffer.removeAll(keepingCapacity: true)
  }

  private mutating func separate() {
    if !isFirstField { buffer.append(UInt8(ascii: "\t")) }
    isFirstField = false
  }

  private mutating func escape(_ byte: UInt8) {
    let letter: UInt8
    switch byte {
    case UInt8(ascii: "\\"): letter = byte
    case UInt8(ascii: "\n"): letter = UInt8(ascii: "n")
    case UInt8(ascii: "\r"): letter = UInt8(ascii: "r")
    case UInt8(ascii: "\t"): letter = UInt8(ascii: "t")
    default:
      buffer.append(byte)
      return
    }
    buffer.append(UInt8(ascii: "\\"))
    buffer.append(letter)
  }
}

extension Connection {
  /// Runs `COPY … FROM STDIN` with the rows that `body` writes. If `body` throws, no row is kept.
  ///
  /// - Returns: The number of rows that the server accepted.
  @discardableResult
  package func copyIn(
    _ sql: String, _ body: (inout CopyWriter) throws -> Void
  ) throws -> Int {
    try refuseNUL(sql)
    cancelToken.reset()
    _ = try check(PQexec(handle, sql), expecting: [PGRES_COPY_IN])
    var writer = CopyWriter(self)
    do {
      try body(&writer)
      try writer.flush()
    } catch {
      if PQtransactionStatus(handle) == PQTRANS_ACTIVE {
        PQputCopyEnd(handle, "the writer failed")
        drainResults()
      }
      throw error
    }
    guard PQputCopyEnd(handle, nil) == 1 else { throw copyFailure() }
    return try finishCopy().affectedRows
  }
}
