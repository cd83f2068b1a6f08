/// The limits of one child.
package struct SandboxLimits: Hashable, Sendable {
  /// Address space in bytes, in addition to what the program itself uses.
  package var memory = 1 << 30
  /// Processor time, in seconds.
  package var processorSeconds = 600
  /// How long the parent waits for the child in total, in seconds. Time in which the parent itself
  /// is busy does not count. It is longer than the processor time: an input that makes the decoder
  /// compute for ever meets that limit first, and only a busy machine meets this one.
  package var waitingSeconds = 1_200

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

/// What a child got of its limits. A limit that the process inherited can be lower, and nobody but
/// a superuser can raise it again.
struct SandboxRoom: Equatable {
  /// Whether it has less address space than its limit.
  var isMemoryShort = false
  /// The processor time that it has, in seconds.
  var processorSeconds: Int

  var payload: [UInt8] {
    var bytes: [UInt8] = [isMemoryShort ? 1 : 0]
    bytes.append(littleEndian: UInt32(clamping: processorSeconds))
    return bytes
  }

  init(isMemoryShort: Bool, processorSeconds: Int) {
    self.isMemoryShort = isMemoryShort
    self.processorSeconds = processorSeconds
  }

  init?(payload: [UInt8]) {
    guard payload.count == 5 else { return nil }
    isMemoryShort = payload[0] != 0
    processorSeconds = Int(UInt32(littleEndianBytes: payload[1...4]))
  }
}
