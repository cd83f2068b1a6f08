/// How a run is to go about its work.
package struct RunPolicy: Sendable {
  /// Every stage is run, whatever results are there.
  package var isForced = false
  /// For so many seconds, results that other versions of the program or its libraries made are made again.
  package var refreshSeconds: Int?
  /// The run whose failed partitions are worked on with the rows they had; without rows they are read anew.
  package var keptFrom: String?
  /// How long to wait for another run of the same schedule.
  package var waitSeconds = 0
  /// Shares the work of a run of the same schedule that is under way.
  package var joins = false
  /// Every media object is read again, also one whose size and times have not changed.
  package var rehashes = false

  /// A normal run: it uses every result that exists.
  package init() {}
}
