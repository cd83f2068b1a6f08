/// What one child may use at most.
public struct SandboxLimits: Hashable, Sendable {
  /// Bytes of address space beyond what the program itself takes.
  public var memory = 1 << 30
  /// Seconds of processor time.
  public var processorSeconds = 600
  /// Seconds the parent waits for the child altogether. Time in which the parent itself is busy does
  /// not count.
  public var waitingSeconds = 600

  public init() {}
}
