package import Diagnostics

/// Called while the parent waits for a child. What it throws ends the child.
package typealias SandboxCheck = () throws(Diagnostic) -> Void

/// What a child must do. The job is sent to the child as words and numbers. It contains no text
/// that a tenant typed.
enum SandboxJob: Hashable, Sendable {
  /// Find out what a recording contains. Times are in milliseconds; `longest` is 0 if it is
  /// unknown.
  case probe(longest: Int)
  /// Decode an excerpt of a recording.
  case read(start: Int, length: Int, maxWidth: Int, maxHeight: Int, longest: Int)
  /// Decode one picture.
  case picture(maxWidth: Int, maxHeight: Int)
  /// Try something that the sandbox must refuse.
  case trial(SandboxTrial)

  var words: [String] {
    switch self {
    case .probe(let longest): ["probe", String(longest)]
    case .read(let start, let length, let maxWidth, let maxHeight, let longest):
      ["read"] + [start, length, maxWidth, maxHeight, longest].map(String.init)
    case .picture(let maxWidth, let maxHeight): ["picture", String(maxWidth), String(maxHeight)]
    case .trial(let trial): ["trial", trial.rawValue]
    }
  }

  init?(words: some Collection<String>) {
    let numbers = words.dropFirst().compactMap { Int($0) }
    let isNumeric = numbers.count == words.count - 1
    switch (words.first, numbers.count) {
    case ("probe", 1) where isNumeric: self = .probe(longest: numbers[0])
    case ("read", 5) where isNumeric:
      self = .read(
        start: numbers[0], length: numbers[1], maxWidth: numbers[2], maxHeight: numbers[3],
        longest: numbers[4])
    case ("picture", 2) where isNumeric:
      self = .picture(maxWidth: numbers[0], maxHeight: numbers[1])
    case ("trial", 0):
      guard words.count == 2, let word = words.dropFirst().first,
        let trial = SandboxTrial(rawValue: word)
      else { return nil }
      self = .trial(trial)
    default: return nil
    }
  }
}

/// Something that the sandbox must refuse, or survive.
package enum SandboxTrial: String, Sendable, CaseIterable {
  /// Opens a file that everyone can read.
  case openFile = "open-file"
  case openInternetSocket = "internet-socket"
  case openLocalSocket = "local-socket"
  case startProcess = "process"
  case runProgram = "program"
  case mapExecutableMemory = "executable-memory"
  /// Reads from a descriptor other than the one it was given.
  case readOtherDescriptor = "other-descriptor"
  /// Allocates more memory than its limit.
  case exhaustMemory = "memory"
  /// Never ends.
  case spin = "spin"
  /// Sends nothing and waits.
  case hang = "hang"
  /// Crashes.
  case crash = "crash"
  /// Is ended by SIGKILL, as by the kernel when memory runs out.
  case kill = "kill"
  /// Reads its input once.
  case read = "read"

  /// Starts a child that tries it and returns the result: `refused` with the system's error text,
  /// or `allowed`.
  ///
  /// - Parameter input: the path of the file that the child gets.
  /// - Throws: `data` with how the child ended, if it did not report a result; what the machine did
  ///   not allow.
  package func run(
    limits: SandboxLimits = SandboxLimits(), input: String = "/proc/self/cmdline",
    check: @escaping SandboxCheck = {}
  ) throws(Diagnostic) -> String {
    let object = try MediaObject(path: input)
    let process = try SandboxProcess(
      .trial(self), object: object, limits: limits, check: check)
    guard let message = try process.next(), message.tag == .result else {
      throw Diagnostic(.bug, "the sandbox trial returned no result")
    }
    return String(decoding: message.payload, as: UTF8.self)
  }
}

extension SandboxTrial {
  /// Tries whether media can be decoded here: that a child starts, confines itself and is confined.
  ///
  /// - Throws: `configuration` with what the machine does not allow; `unavailable` if that can
  ///   pass.
  package static func check() throws(Diagnostic) {
    let answer = try openFile.run()
    guard answer.hasPrefix("refused") else {
      throw Diagnostic(
        .configuration, "the sandbox does not confine what it must",
        hint: "a kernel that has seccomp filters is needed")
    }
  }
}
