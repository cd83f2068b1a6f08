/// What one child may use at most.
package struct SandboxLimits: Hashable, Sendable {
  /// Bytes of address space beyond what the program itself takes.
  package var memory = 1 << 30
  /// Seconds of processor time.
  package var processorSeconds = 600
  /// Seconds the parent waits for the child altogether. Time in which the parent itself is busy does
  /// not count.
  package var waitingSeconds = 600

  package init() {}
}

extension SandboxLimits {
  /// The limits that the child sets itself, as its first words.
  var words: [String] { [String(memory), String(processorSeconds)] }

  init?(words: some Sequence<String>) {
    let numbers = words.compactMap { Int($0) }
    guard numbers.count == 2, numbers.allSatisfy({ $0 > 0 }) else { return nil }
    memory = numbers[0]
    processorSeconds = numbers[1]
  }
}
