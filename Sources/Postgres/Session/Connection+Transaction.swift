import CLibPQ
package import Diagnostics

/// How a transaction sees and changes data.
package enum TransactionMode: Hashable, Sendable {
  /// `READ COMMITTED`, may write.
  case readWrite
  /// `REPEATABLE READ, READ ONLY`: all statements see the data of one moment. A hot standby allows
  /// it.
  case readOnlySnapshot
  /// Like `readOnlySnapshot`, but sees the moment named by another session's `exportSnapshot()`.
  case importedSnapshot(String)
  /// `SERIALIZABLE`, may write.
  case serializable

  fileprivate var begin: String {
    switch self {
    case .readWrite: "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
    case .serializable: "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"
    case .readOnlySnapshot: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    case .importedSnapshot(let name):
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
        + " SET TRANSACTION SNAPSHOT \(Quoting.literal(name))"
    }
  }
}

extension Connection {
  /// Runs `body` in a transaction. Commits when `body` returns and rolls back when it throws.
  @discardableResult
  package func transaction<T>(
    _ mode: TransactionMode = .readWrite, _ body: () throws -> T
  ) throws -> T {
    guard PQtransactionStatus(handle) == PQTRANS_IDLE || !isOpen else {
      throw Diagnostic(.bug, "a transaction was started inside another transaction")
    }
    do throws(Diagnostic) {
      try execute(mode.begin)
    } catch {
      // The imported snapshot may have ended after the transaction began.
      if PQtransactionStatus(handle) == PQTRANS_INERROR { try execute("ROLLBACK") }
      throw error
    }
    return try ending(commit: "COMMIT", rollback: "ROLLBACK", body)
  }

  /// Runs `body` under a savepoint of the current transaction. If `body` throws, only its own
  /// changes are undone, the transaction stays usable, and the error is thrown again.
  @discardableResult
  package func savepoint<T>(_ body: () throws -> T) throws -> T {
    try execute("SAVEPOINT yearbook_savepoint")
    return try ending(
      commit: "RELEASE SAVEPOINT yearbook_savepoint",
      rollback: "ROLLBACK TO SAVEPOINT yearbook_savepoint;"
        + " RELEASE SAVEPOINT yearbook_savepoint",
      body)
  }

  private func ending<T>(
    commit: String, rollback: String, _ body: () throws -> T
  ) throws -> T {
    let value: T
    do {
      value = try body()
    } catch {
      let cause = error
      // If the rollback also fails, the session is lost, and the server rolls back by itself. The
      // first error says why.
      do throws(Diagnostic) { try execute(rollback) } catch { throw cause }
      throw cause
    }
    guard PQtransactionStatus(handle) != PQTRANS_INERROR else {
      // COMMIT of a failed transaction returns ROLLBACK instead of an error.
      try execute(rollback)
      throw Diagnostic(.bug, "a transaction continued after a failed statement")
    }
    try execute(commit)
    return value
  }

  /// Names the moment that the current transaction sees, for `.importedSnapshot` in other sessions.
  /// The name is valid until this transaction ends. It cannot be used inside a savepoint.
  package func exportSnapshot() throws(Diagnostic) -> String {
    try query("SELECT pg_catalog.pg_export_snapshot() AS snapshot").only().string("snapshot")
  }
}
