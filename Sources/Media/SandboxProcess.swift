import CSandbox
import Diagnostics
import Glibc
import Synchronization

/// The parent's end of one sandboxed child.
///
/// The child is this very program, started again with `media-child` and the job's words. It gets the
/// object as descriptor 3, a pipe as descriptor 4, and nothing else. It ends with this object.
final class SandboxProcess {
  private let process: pid_t
  private let pipe: Int32
  private let limits: SandboxLimits
  private let key: String
  private var waited: Int64 = 0
  private var isReaped = false

  init(
    _ job: SandboxJob, object: MediaObject, limits: SandboxLimits
  ) throws(Diagnostic) {
    self.limits = limits
    key = object.key
    var ends: [Int32] = [-1, -1]
    if yb_pipe(&ends) != 0 { throw FileSink.failure("cannot make a pipe", object.key) }
    pipe = ends[0]
    // Above all numbers that the child's own descriptors get, so that none is overwritten too early.
    let source = fcntl(object.descriptor, F_DUPFD_CLOEXEC, 10)
    let output = fcntl(ends[1], F_DUPFD_CLOEXEC, 10)
    close(ends[1])
    defer {
      close(source)
      close(output)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for standard in Int32(0)...2 {
      posix_spawn_file_actions_addopen(
        &actions, standard, "/dev/null", standard == 0 ? O_RDONLY : O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, source, SandboxChild.input)
    posix_spawn_file_actions_adddup2(&actions, output, SandboxChild.output)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // What the parent ignores or blocks (SIGPIPE, SIGINT) would otherwise be inherited.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setsigmask(&attributes, &none)
    // A group of its own: Ctrl-C at the terminal reaches the parent, which ends its children.
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    let words = ["yearbook", SandboxChild.command] + limits.words + job.words
    var child: pid_t = -1
    let status = withCStrings(words) { arguments in
      withCStrings(SandboxProcess.environment) { environment in
        posix_spawn(
          &child, SandboxChild.executable, &actions, &attributes, arguments, environment)
      }
    }
    process = child
    if status != 0 {
      isReaped = true
      throw Diagnostic(
        .io, "cannot start the decoding process: \(String(cString: strerror(status)))",
        isTransient: status == EAGAIN || status == ENOMEM)
    }
  }

  deinit {
    close(pipe)
    if !isReaped {
      kill(process, SIGKILL)
      _ = reap()
    }
  }

  /// The next message, or `nil` after the end of a child that did its work.
  ///
  /// - Throws: `data` where the job failed or the child died of its input.
  func next() throws(Diagnostic) -> SandboxMessage? {
    if isReaped { return nil }
    let head = try read(5)
    if head.isEmpty { throw ending() }
    let length = Int(UInt32(littleEndianBytes: head[1...4]))
    guard head.count == 5, let tag = SandboxMessage.Tag(rawValue: head[0]),
      length <= SandboxMessage.largest
    else { throw ending() }
    let payload = try read(length)
    if payload.count < length { throw ending() }
    switch tag {
    case .end:
      _ = reap()
      return nil
    case .failure:
      _ = reap()
      throw failure(SandboxProcess.tame(payload))
    default: return SandboxMessage(tag: tag, payload: payload)
    }
  }

  func failure(_ message: String) -> Diagnostic {
    Diagnostic(.data, message, at: .init(file: key))
  }

  /// A child may have been taken over: what it says is cut and stripped of control characters.
  static func tame(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(400), as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
  }

  /// Reads exactly `count` bytes, or fewer at the end of the pipe.
  private func read(_ count: Int) throws(Diagnostic) -> [UInt8] {
    var done = 0
    var problem: Diagnostic?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, initialized in
      while done < count {
        if let found = waitForInput() {
          problem = found
          break
        }
        let got = Glibc.read(pipe, room.baseAddress.map { $0 + done }, count - done)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { break }
        done += got
      }
      initialized = done
    }
    if let problem { throw problem }
    return bytes
  }

  /// Waits for the child and counts the time; not the time in which the parent was busy with frames.
  private func waitForInput() -> Diagnostic? {
    let budget = Int64(limits.waitingSeconds) * 1_000_000_000
    while true {
      var entry = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      let before = SandboxProcess.now()
      let left = max(0, (budget - waited) / 1_000_000)
      let ready = poll(&entry, 1, Int32(clamping: left))
      waited += SandboxProcess.now() - before
      if ready > 0 { return nil }
      if ready < 0, errno == EINTR { continue }
      kill(process, SIGKILL)
      _ = reap()
      return failure("decoding took longer than \(limits.waitingSeconds) s and was given up")
    }
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// What became of a child that broke off.
  private func ending() -> Diagnostic {
    // A child that closed its pipe or spoke nonsense may still run.
    kill(process, SIGKILL)
    let status = reap()
    let signal = yb_signal(status)
    if yb_has_exited(status) != 0, yb_exit_status(status) == SandboxChild.unknownJob {
      return Diagnostic(.bug, "the decoding process does not know its job")
    }
    return switch signal {
    case SIGXCPU:
      failure("decoding took more than \(limits.processorSeconds) s of processor time")
    case SIGKILL where yb_has_exited(status) == 0:
      // RLIMIT_CPU's hard limit, the kernel's memory killer or our own word above.
      failure("the decoding process was ended")
    default: failure("the decoder crashed")
    }
  }

  private func reap() -> Int32 {
    if isReaped { return 0 }
    isReaped = true
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return status
  }

  /// What a child may know of the parent's environment: where its libraries are, and what a test asks of
  /// them.
  private static let environment: [String] = {
    let passed: [String] = ["LD_LIBRARY_PATH", "ASAN_OPTIONS", "GLIBC_TUNABLES"]
    let values = passed.compactMap { name -> String? in
      guard let value = getenv(name) else { return nil }
      return "\(name)=\(String(cString: value))"
    }
    return values + [
      "SWIFT_DETERMINISTIC_HASHING=1", "SWIFT_BACKTRACE=enable=no", "LC_ALL=C", "TZ=UTC0",
    ]
  }()
}

/// Lends a list of C strings that ends with a null pointer.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
  defer { for pointer in pointers { free(pointer) } }
  return pointers.withUnsafeMutableBufferPointer { buffer in
    guard let base = buffer.baseAddress else { fatalError("an array with elements has a base") }
    return body(base)
  }
}
