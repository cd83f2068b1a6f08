import CLibPQ
import Diagnostics

extension Connection {
  /// Runs `COPY … TO STDOUT` and lends each row's bytes, as the server sent them, to `row`.
  ///
  /// Memory does not grow with the number of rows. In CSV form a row ends in a line feed, and line feeds
  /// within quotes belong to it; a header line comes as a row of its own. An error thrown by `row` stops
  /// the copy on the server and is thrown on; the session stays usable.
  ///
  /// - Returns: The number of rows lent.
  /// - Throws: A `Diagnostic` when the statement fails or the connection is lost before the end (rows
  ///   already lent are then not the whole), and whatever `row` throws.
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
    // The end of the stream proves nothing: only the command's own result says that all rows were sent.
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

  /// What the server said of a COPY that broke.
  func copyFailure() -> Diagnostic {
    do throws(Diagnostic) {
      _ = try finishCopy()
    } catch {
      return error
    }
    return lost()
  }

  /// Ends a COPY the caller no longer wants: the server is told to stop, and what it had already sent
  /// is thrown away, so that the session can be used again.
  func abandonCopy() {
    guard isOpen, PQtransactionStatus(handle) == PQTRANS_ACTIVE else { return }
    cancelToken.send()
    drainResults()
  }

  /// Takes in all that is still to come of a statement, also copies nobody asked for.
  func drainResults() {
    drainCopy()
    while let result = PQgetResult(handle) {
      let status = PQresultStatus(result)
      PQclear(result)
      // A broken session gives the same fatal result for ever.
      if !isOpen { break }
      switch status {
      case PGRES_COPY_OUT: drainCopy()
      case PGRES_COPY_IN: PQputCopyEnd(handle, "the statement was given up")
      default: break
      }
    }
  }

  private func drainCopy() {
    var buffer: UnsafeMutablePointer<CChar>?
    while PQgetCopyData(handle, &buffer, 0) >= 0 { PQfreemem(buffer) }
  }
}
