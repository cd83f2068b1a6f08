import Diagnostics
package import Store

/// Work on the whole store that monitors are told of.
package enum Upkeep {
  /// Notes in the record that the whole store was verified. Without a record nothing is noted:
  /// whoever checks a copy of the store can have none.
  ///
  /// - Parameters:
  ///   - isMirror: whether the bucket was verified, not the store.
  ///   - isDeep: whether every byte was read.
  /// - Returns: A line that says why it could not be noted; `nil` if it was.
  package static func note(
    _ found: Verification, isMirror: Bool, isDeep: Bool, seconds: Double,
    _ configuration: Configuration
  ) -> String? {
    let works = isMirror ? ["verify-mirror"] : isDeep ? ["verify", "verify-deep"] : ["verify"]
    let problems = found.faults.count { !$0.isHarmless }
    return noting(configuration) { record throws(Diagnostic) in
      for work in works {
        try record.note(
          upkeep: work, problems: problems, seconds: seconds, releases: found.releaseCount,
          bytes: found.byteCount)
      }
    }
  }

  /// Notes in the record that the whole store was mirrored.
  ///
  /// - Returns: A line that says why it could not be noted; `nil` if it was.
  @discardableResult
  package static func note(_ summary: MirrorSummary, _ configuration: Configuration) -> String? {
    noting(configuration) { record throws(Diagnostic) in
      try record.note(upkeep: "mirror", problems: summary.failures.count, seconds: summary.seconds)
    }
  }

  private static func noting(
    _ configuration: Configuration, _ body: (RunRecord) throws -> Void
  ) -> String? {
    guard let conninfo = configuration.record, !conninfo.isEmpty else { return nil }
    do {
      try body(RunRecord(conninfo))
      return nil
    } catch {
      return
        "the record does not know of it: \((error as? Diagnostic)?.message ?? "\(type(of: error))")"
    }
  }
}
