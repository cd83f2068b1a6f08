/// Options of a run.
package struct RunPolicy: Sendable {
  /// Every stage runs, even if it has a result.
  package var isForced = false
  /// For this many seconds, the run replaces results that other versions of the program or its
  /// libraries made.
  package var refreshSeconds: Int?
  /// The run whose failed partitions use the rows that it kept. Without kept rows they are read
  /// again.
  package var keptFrom: String?
  /// How many seconds to wait for another run of the same schedule.
  package var waitSeconds = 0
  /// Whether to share the work of a run of the same schedule that is under way.
  package var joins = false
  /// Whether every media object is read again, even if its size and times have not changed.
  package var rehashes = false
  /// Whether partitions that were withdrawn are published again.
  package var replacesWithdrawn = false
  /// Whether published releases are read to the last byte before they count as unchanged.
  package var readsPublished = false
  /// Whether all rows are read, even if the fingerprints say that they have not changed.
  package var rereads = false

  /// A normal run: it uses every result that exists.
  package init() {}
}
