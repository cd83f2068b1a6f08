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
    else { _exit(1) }
    var status = stat()
    guard let limits = SandboxLimits(words: words.prefix(2)),
      let job = SandboxJob(words: words.dropFirst(2)), fstat(input, &status) == 0,
      status.st_mode & S_IFMT == S_IFREG
    else { _exit(unknownJob) }
    guard confine(limits), yb_enter_sandbox(input, output) == 0 else {
      ChildOutput.send(.failure, "the sandbox cannot be set up on this system")
      _exit(1)
    }
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
    let input = MediaInput(descriptor: input, size: size)
    switch job {
    case .probe:
      try RecordingAnalyst.run(input)
    case .read(let start, let length, let maxWidth, let maxHeight):
      try ExcerptDecoder.run(
        input, start: start, length: length, box: (maxWidth, maxHeight))
    case .picture(let maxWidth, let maxHeight):
      try PictureDecoder.run(input, box: (maxWidth, maxHeight))
    case .trial(let trial): ChildOutput.send(.result, trial.attempt())
    }
  }

  private static func confine(_ limits: SandboxLimits) -> Bool {
    let pages = FileSource.firstNumber(of: "/proc/self/statm")
    let own = UInt(pages ?? 0) * UInt(getpagesize())
    return pages != nil && yb_limit(yb_rlimit_as(), own + UInt(limits.memory)) == 0
      && yb_limit(yb_rlimit_cpu(), UInt(limits.processorSeconds)) == 0
      && yb_limit(yb_rlimit_fsize(), 0) == 0 && yb_limit(yb_rlimit_core(), 0) == 0
      && yb_limit(yb_rlimit_nofile(), 0) == 0 && yb_limit(yb_rlimit_nproc(), 0) == 0
      && yb_set_undumpable() == 0
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
