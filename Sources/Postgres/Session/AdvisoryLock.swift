package import Diagnostics

/// The key of an advisory lock.
package struct AdvisoryKey: Hashable, Sendable {
  package var value: Int64

  /// The key with this number.
  package init(_ value: Int64) { self.value = value }

  /// A key made from words, the same on every host: 64-bit FNV-1a over the words, with a NUL after
  /// each word.
  package init(_ words: [String]) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for word in words {
      for byte in word.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = hash &* 0x100_0000_01b3
    }
    value = Int64(bitPattern: hash)
  }
}

extension Connection {
  /// Takes a lock that lasts until `unlock` or until the session ends for any reason. A session
  /// that takes the lock twice must release it twice.
  ///
  /// - Returns: Whether the lock was free and is now held.
  package func tryLock(_ key: AdvisoryKey) throws(Diagnostic) -> Bool {
    try queryPrepared("SELECT pg_catalog.pg_try_advisory_lock($1) AS taken", [String(key.value)])
      .only().bool("taken")
  }

  /// Takes those of several locks that are free, as `tryLock` does.
  ///
  /// - Returns: The values of the locks that are now held.
  package func tryLock(_ keys: [AdvisoryKey]) throws(Diagnostic) -> Set<Int64> {
    var taken: Set<Int64> = []
    for row in try queryPrepared(
      "SELECT key FROM (SELECT key, pg_catalog.pg_try_advisory_lock(key) AS taken"
        + " FROM unnest($1::bigint[]) AS keys (key) OFFSET 0) q WHERE taken",
      [Quoting.array(keys.map { String($0.value) })])
    { Int64(try row.string("key")).map { _ = taken.insert($0) } }
    return taken
  }

  /// Waits for the lock. Throws `.busy` after the session's `lock_timeout`.
  package func lock(_ key: AdvisoryKey) throws(Diagnostic) {
    try query("SELECT pg_catalog.pg_advisory_lock($1)", [String(key.value)])
  }

  /// Releases a lock. Throws `.bug` if this session does not hold it.
  package func unlock(_ key: AdvisoryKey) throws(Diagnostic) { try unlock([key]) }

  /// Releases several locks. If this session does not hold all of them, it releases the others and
  /// then throws `.bug`.
  package func unlock(_ keys: [AdvisoryKey]) throws(Diagnostic) {
    let released = try queryPrepared(
      "SELECT count(*) FILTER (WHERE pg_catalog.pg_advisory_unlock(key)) AS released"
        + " FROM unnest($1::bigint[]) AS keys (key)", [Quoting.array(keys.map { String($0.value) })]
    ).only().int("released")
    if released < keys.count {
      throw Diagnostic(.bug, "a session released an advisory lock that it did not hold")
    }
  }
}
