/// How a run is to go about its work.
public struct RunPolicy: Sendable {
  /// Every stage is run, whatever results are there.
  public var isForced = false
  /// For so many seconds, results that other versions of the program or its libraries made are made again.
  public var refreshSeconds: Int?
  /// The run whose failed partitions are worked on with the rows they had; without rows they are read anew.
  public var keptFrom: String?
  /// How long to wait for another run of the same schedule.
  public var waitSeconds = 0
  /// Shares the work of a run of the same schedule that is under way.
  public var joins = false
  /// Every media object is read again, also one whose size and times have not changed.
  public var rehashes = false

  public init() {}
}
