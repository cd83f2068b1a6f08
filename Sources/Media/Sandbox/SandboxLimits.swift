/// The limits of one child.
package struct SandboxLimits: Hashable, Sendable {
  /// Address space in bytes, in addition to what the program itself uses.
  package var memory = 1 << 30
  /// Processor time, in seconds.
  package var processorSeconds = 600
  /// How long the parent waits for the child in total, in seconds. Time in which the parent itself
  /// is busy does not count.
  package var waitingSeconds = 600

  /// The default limits.
  package init() {}
}

extension SandboxLimits {
  /// The limits as the first words of a child's job.
  var words: [String] { [String(memory), String(processorSeconds)] }

  init?(words: some Sequence<String>) {
    let numbers = words.compactMap { Int($0) }
    guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    memory = numbers[0]
    processorSeconds = numbers[1]
  }
}
