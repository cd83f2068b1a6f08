import CLibPQ
package import Diagnostics

/// How a transaction sees and changes data.
package enum TransactionMode: Hashable, Sendable {
  /// `READ COMMITTED`, may write.
  case readWrite
  /// `REPEATABLE READ, READ ONLY`: all statements see one moment. Allowed on a hot standby.
  case readOnlySnapshot
  /// As `readOnlySnapshot`, seeing the moment another session's `exportSnapshot()` named.
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
  /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
  @discardableResult
  package func transaction<T>(
    _ mode: TransactionMode = .readWrite, _ body: () throws -> T
  ) throws -> T {
    guard PQtransactionStatus(handle) == PQTRANS_IDLE || !isOpen else {
      throw Diagnostic(.bug, "a transaction was begun within a transaction")
    }
    do throws(Diagnostic) {
      try execute(mode.begin)
    } catch {
      // The snapshot may be gone when the transaction has already begun.
      if PQtransactionStatus(handle) == PQTRANS_INERROR { try execute("ROLLBACK") }
      throw error
    }
    return try ending(commit: "COMMIT", rollback: "ROLLBACK", body)
  }

  /// Runs `body` under a savepoint of the current transaction: an error in it, which is thrown on,
  /// undoes only what it did and leaves the transaction usable.
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
      // A rollback that fails too means a lost session, which the server rolls back by itself; the
      // first error says why.
      do throws(Diagnostic) { try execute(rollback) } catch { throw cause }
      throw cause
    }
    guard PQtransactionStatus(handle) != PQTRANS_INERROR else {
      // COMMIT of a failed transaction answers ROLLBACK, without an error.
      try execute(rollback)
      throw Diagnostic(.bug, "a failed statement was passed over in a transaction")
    }
    try execute(commit)
    return value
  }

  /// Names the moment the current transaction sees, for other sessions' `.importedSnapshot`. It is
  /// valid until this transaction ends; not allowed inside a savepoint.
  package func exportSnapshot() throws(Diagnostic) -> String {
    try query("SELECT pg_catalog.pg_export_snapshot() AS snapshot").only().string("snapshot")
  }
}
