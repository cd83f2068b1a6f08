package import Diagnostics

/// The key of an advisory lock.
package struct AdvisoryKey: Hashable, Sendable {
  package var value: Int64

  package init(_ value: Int64) { self.value = value }

  /// A key from words, the same on every host: FNV-1a with 64 bits over the words, each ended by NUL.
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
  /// Takes a lock that lasts until `unlock` or the end of the session, whatever ends it.
  ///
  /// - Returns: Whether it was free; taken twice by one session it must be released twice.
  package func tryLock(_ key: AdvisoryKey) throws(Diagnostic) -> Bool {
    try queryPrepared("SELECT pg_catalog.pg_try_advisory_lock($1) AS taken", [String(key.value)])
      .only().bool("taken")
  }

  /// Waits for the lock: at most the session's `lock_timeout`, then it throws `.busy`.
  package func lock(_ key: AdvisoryKey) throws(Diagnostic) {
    try query("SELECT pg_catalog.pg_advisory_lock($1)", [String(key.value)])
  }

  /// Releases a lock this session holds; otherwise it throws `.bug`.
  package func unlock(_ key: AdvisoryKey) throws(Diagnostic) { try unlock([key]) }

  /// Releases locks this session holds; if it held not all of them it throws `.bug` once the rest is free.
  package func unlock(_ keys: [AdvisoryKey]) throws(Diagnostic) {
    let released = try queryPrepared(
      "SELECT count(*) FILTER (WHERE pg_catalog.pg_advisory_unlock(key)) AS released"
        + " FROM unnest($1::bigint[]) AS keys (key)", [Quoting.array(keys.map { String($0.value) })]
    ).only().int("released")
    if released < keys.count {
      throw Diagnostic(.bug, "an advisory lock was released that was not held")
    }
  }
}
