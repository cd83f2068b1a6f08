import Basics
import CSandbox
import Diagnostics
import Glibc

/// The child process that decodes media, which may be hostile.
///
/// It is this program, forked by a `SandboxServer`. Before it reads its input, it closes every
/// descriptor except the input (3) and the pipe to its parent (4). It limits its memory and
/// processor time, and forbids itself to open or write files. Then it enters a seccomp filter.
/// Under the filter it can only compute, allocate memory, read its input by offset, write to its
/// pipe and exit. It cannot open files or sockets, start processes or map executable memory.
package enum SandboxChild {
  /// The word after the program's name that starts a child. It is not for users.
  package static let command = "media-child"

  static let input: Int32 = 3
  static let output: Int32 = 4
  /// The exit status of a child that does not know its job.
  static let unknownJob: Int32 = 64
  /// The exit status of a child, or of the server, that the machine does not let work.
  static let refused: Int32 = 69

  /// Runs the process that children are forked from. `arguments` are the words after the command's
  /// word. Call it before the program does anything else.
  package static func main(arguments: [String]) -> Never {
    guard arguments == [SandboxServer.word] else { exit(unknownJob) }
    SandboxServer.serve()
  }

  /// Runs a child from start to end, in a process that was forked for it. `words` are its limits
  /// and its job.
  static func begin(_ words: [String], input source: Int32, output pipe: Int32) -> Never {
    // First to numbers above both final ones, so that neither overwrites the other.
    let (high, higher) = (fcntl(source, F_DUPFD, 10), fcntl(pipe, F_DUPFD, 10))
    guard high >= 0, higher >= 0, dup2(high, input) == input, dup2(higher, output) == output,
      yb_close_from(UInt32(output) + 1) == 0
    else { _exit(refused) }
    var status = stat()
    guard let limits = SandboxLimits(words: words.prefix(2)),
      let job = SandboxJob(words: words.dropFirst(2)), fstat(input, &status) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else { _exit(unknownJob) }
    let room: SandboxRoom
    do throws(Refusal) {
      room = try confine(limits)
      try need(yb_enter_sandbox(Self.input, Self.output), "seccomp")
    } catch {
      ChildOutput.send(.machine, error.text)
      _exit(refused)
    }
    ChildOutput.send(.ready, room.payload)
    do throws(Diagnostic) {
      try run(job, size: Int(status.st_size))
      ChildOutput.send(.end, "")
    } catch {
      ChildOutput.send(.failure, error.message)
    }
    // Without `exit` handlers: the libraries' handlers may need calls that are refused here.
    _exit(0)
  }

  private static func run(_ job: SandboxJob, size: Int) throws(Diagnostic) {
    let input = MediaInput(descriptor: input, size: size) { code in
      ChildOutput.send(.machine, "the object cannot be read: \(String(cString: strerror(code)))")
      _exit(refused)
    }
    switch job {
    case .probe(let longest):
      try RecordingAnalyst.run(input, longest: longest > 0 ? longest : nil)
    case .read(let start, let length, let maxWidth, let maxHeight, let longest):
      try ExcerptDecoder.run(
        input, start: start, length: length, box: (maxWidth, maxHeight),
        longest: longest > 0 ? longest : nil)
    case .picture(let maxWidth, let maxHeight):
      try PictureDecoder.run(input, box: (maxWidth, maxHeight))
    case .trial(let trial):
      if trial == .read { _ = try input.read(at: 0, count: 1) }
      ChildOutput.send(.result, trial.attempt())
    }
  }

  /// What the machine does not allow.
  private struct Refusal: Error { var text: String }

  private static func need(_ code: Int32, _ what: String) throws(Refusal) {
    guard code != 0 else { return }
    throw Refusal(text: "\(what): \(String(cString: strerror(code)))")
  }

  /// Sets a limit, never above the inherited one.
  private static func limit(_ resource: Int32, _ value: UInt, _ what: String) throws(Refusal) {
    let value = min(value, yb_hard_limit(resource))
    try need(yb_limit(resource, value, value) == 0 ? 0 : errno, "the limit of \(what)")
  }

  private static func confine(_ limits: SandboxLimits) throws(Refusal) -> SandboxRoom {
    guard let pages = FileSource.firstNumber(of: "/proc/self/statm") else {
      throw Refusal(text: "/proc/self/statm cannot be read")
    }
    // The limit on data counts less than the address space, so this errs on the safe side.
    let wanted = UInt(pages) * UInt(getpagesize()) + UInt(limits.memory)
    let allowed = min(yb_hard_limit(yb_rlimit_as()), yb_soft_limit(yb_rlimit_data()))
    try limit(yb_rlimit_as(), wanted, "address space")
    // The kernel first sends SIGXCPU, at the soft limit. At the hard limit it sends SIGKILL, which
    // would look like the OOM killer's.
    let most = yb_hard_limit(yb_rlimit_cpu())
    let seconds = max(1, min(UInt(limits.processorSeconds), max(2, most) - 1))
    try need(
      yb_limit(yb_rlimit_cpu(), seconds, min(most, seconds + 5)) == 0 ? 0 : errno,
      "the limit of processor time")
    try limit(yb_rlimit_fsize(), 0, "files' sizes")
    try limit(yb_rlimit_core(), 0, "core files")
    try limit(yb_rlimit_nofile(), 0, "open files")
    try limit(yb_rlimit_nproc(), 0, "processes")
    try need(yb_set_undumpable() == 0 ? 0 : errno, "prctl")
    return SandboxRoom(isMemoryShort: allowed < wanted, processorSeconds: Int(seconds))
  }
}

extension SandboxChild {
  private static let chosenExecutable = Locked<String?>(nil)

  /// The program that is started as a child: this program, or in a test bundle the `yearbook`
  /// beside it. It can be set if neither is right.
  package static var executable: String {
    get { chosenExecutable.withLock { $0 } ?? ownExecutable }
    set { chosenExecutable.withLock { $0 = newValue } }
  }

  private static let ownExecutable: String = {
    let magicLink = "/proc/self/exe"
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let length = readlink(magicLink, &buffer, buffer.count)
    guard length > 0 else { return magicLink }
    let path = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard path.hasSuffix(".xctest"), let slash = path.lastIndex(of: "/") else { return magicLink }
    return path[..<slash] + "/yearbook"
  }()
}

/// Writes to the child's end of the pipe.
enum ChildOutput {
  static func send(_ tag: SandboxMessage.Tag, _ text: String) { send(tag, Array(text.utf8)) }

  static func send(_ tag: SandboxMessage.Tag, _ parts: [UInt8]...) {
    var head = [tag.rawValue]
    head.append(littleEndian: UInt32(parts.reduce(0) { $0 + $1.count }))
    put(head)
    for part in parts { put(part) }
  }

  static func warn(_ code: String, _ text: String) { send(.warning, code + "\n" + text) }

  private static func put(_ bytes: [UInt8]) {
    let isWritten = bytes.withUnsafeBytes { FileDescriptor.write($0, to: SandboxChild.output) }
    // The parent no longer listens.
    if !isWritten { _exit(1) }
  }
}
