import CLibPQ
import Diagnostics

extension Connection {
  /// Runs `COPY … TO STDOUT` and passes the bytes of each row, as the server sent them, to `row`.
  ///
  /// Memory does not grow with the number of rows. In CSV form a row ends with a line feed. A line
  /// feed within quotes belongs to the row. A header line comes as a row of its own. If `row`
  /// throws, the copy is stopped on the server, the error is thrown again, and the session stays
  /// usable. The bytes are valid only during the call.
  ///
  /// - Returns: The number of rows passed to `row`.
  /// - Throws: A `Diagnostic` if the statement fails or the connection is lost before the end; the
  ///   rows passed so far are then incomplete. Also whatever `row` throws.
  @discardableResult
  package func copyOut(
    _ sql: String, row: (UnsafeRawBufferPointer) throws -> Void
  ) throws -> Int {
    try refuseNUL(sql)
    cancelToken.reset()
    _ = try check(PQexec(handle, sql), expecting: [PGRES_COPY_OUT])
    var count = 0
    do {
      while let line = try nextRow() {
        defer { PQfreemem(line.baseAddress) }
        count += 1
        try row(UnsafeRawBufferPointer(line))
      }
    } catch {
      abandonCopy()
      throw error
    }
    // The end of the stream proves nothing. Only the command's own result shows that all rows came.
    let result = try finishCopy()
    guard count >= result.affectedRows else {
      throw Diagnostic(
        .unavailable, "PostgreSQL sent \(count) of \(result.affectedRows) rows", isTransient: true)
    }
    return count
  }

  /// The next row, to be freed with PQfreemem; `nil` at the end of the stream.
  private func nextRow() throws(Diagnostic) -> UnsafeMutableRawBufferPointer? {
    var buffer: UnsafeMutablePointer<CChar>?
    let length = PQgetCopyData(handle, &buffer, 0)
    switch length {
    case 0...: return UnsafeMutableRawBufferPointer(start: buffer, count: Int(length))
    case -1: return nil
    default: throw copyFailure()
    }
  }

  /// Waits for the COPY's own result, which must be a success, and clears what follows it.
  func finishCopy() throws(Diagnostic) -> ResultHandle {
    let first = PQgetResult(handle)
    let outcome: Result<ResultHandle, Diagnostic>
    do throws(Diagnostic) {
      outcome = .success(try check(first, expecting: [PGRES_COMMAND_OK]))
    } catch {
      outcome = .failure(error)
    }
    drainResults()
    guard isOpen else {
      if case .failure(let error) = outcome { throw error }
      throw lost()
    }
    return try outcome.get()
  }

  /// The server's error for a COPY that failed.
  func copyFailure() -> Diagnostic {
    do throws(Diagnostic) {
      _ = try finishCopy()
    } catch {
      return error
    }
    return lost()
  }

  /// Ends a COPY that the caller no longer wants. The server is told to stop. What it already sent
  /// is discarded, so that the session can be used again.
  func abandonCopy() {
    guard isOpen, PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    cancelToken.send()
    drainResults()
  }

  /// Reads and discards the remaining results of a statement, including unexpected copies.
  func drainResults() {
    drainCopy()
    while let result = PQgetResult(handle) {
      let status = PQresultStatus(result)
      PQclear(result)
      // A broken session returns the same fatal result each time.
      if !isOpen { break }
      switch status {
      case PGRES_COPY_OUT: drainCopy()
      case PGRES_COPY_IN: PQputCopyEnd(handle, "the statement was cancelled")
      default: break
      }
    }
  }

  private func drainCopy() {
    var buffer: UnsafeMutablePointer<CChar>?
    while PQgetCopyData(handle, &buffer, 0) >= 0 { PQfreemem(buffer) }
  }
}
