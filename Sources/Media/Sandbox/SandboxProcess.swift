import Basics
import CSandbox
import Diagnostics
import Glibc
import Synchronization

/// The parent's end of one sandboxed child.
///
/// The child is this program, forked by the `SandboxServer`. It gets the media object as descriptor
/// 3 and a pipe as descriptor 4, and nothing else. It is ended when this object is released.
final class SandboxProcess {
  private let process: pid_t
  private let pipe: Int32
  private let limits: SandboxLimits
  private let key: String
  private let check: SandboxCheck
  private var waited: Int64 = 0
  private var isReaped = false
  /// What the child got; `nil` until it is ready. Nothing of the input was read before that.
  private var room: SandboxRoom?

  init(
    _ job: SandboxJob, object: MediaObject, limits: SandboxLimits, check: @escaping SandboxCheck
  ) throws(Diagnostic) {
    self.limits = limits
    self.check = check
    key = object.key
    var ends: [Int32] = [-1, -1]
    if yb_pipe(&ends) != 0 { throw FileSink.failure("cannot create a pipe", object.key) }
    pipe = ends[0]
    defer { close(ends[1]) }
    do throws(Diagnostic) {
      process = try SandboxServer.start(
        limits.words + job.words, for: object.key, input: object.descriptor, output: ends[1])
    } catch {
      close(ends[0])
      throw error
    }
  }

  deinit {
    close(pipe)
    if !isReaped {
      kill(process, SIGKILL)
      reap()
    }
  }

  /// The next message, or `nil` after the child has done its work.
  ///
  /// - Throws: `data` if the job failed or the input crashed the child; faults of the machine, as
  ///   `SandboxFault` says.
  func next() throws(Diagnostic) -> SandboxMessage? {
    while true {
      guard let message = try read() else { return nil }
      guard message.tag == .ready else { return message }
      guard room == nil, let found = SandboxRoom(payload: message.payload) else { throw ending() }
      room = found
    }
  }

  private func read() throws(Diagnostic) -> SandboxMessage? {
    if isReaped { return nil }
    let head = try bytes(5)
    if head.isEmpty { throw ending() }
    let length = Int(UInt32(littleEndianBytes: head[1...4]))
    if head.count == 5, head[0] == SandboxMessage.Tag.frame.rawValue {
      return try frame(length)
    }
    guard head.count == 5, let tag = SandboxMessage.Tag(rawValue: head[0]),
      length <= SandboxMessage.largest
    else { throw ending() }
    let payload = try bytes(length)
    if payload.count < length { throw ending() }
    switch tag {
    case .end:
      reap()
      return nil
    case .failure:
      reap()
      throw failure(SandboxProcess.tame(payload))
    case .machine:
      reap()
      let reason = SandboxProcess.tame(payload)
      throw room == nil ? SandboxFault.missing(reason, key) : SandboxFault.system(reason, key)
    default: return SandboxMessage(tag: tag, payload: payload)
    }
  }

  /// A picture. Its planes are read directly into their final memory.
  private func frame(_ length: Int) throws(Diagnostic) -> SandboxMessage {
    let size = try bytes(8)
    guard length >= 8, size.count == 8 else { throw ending() }
    let width = Int(UInt32(littleEndianBytes: size[0..<4]))
    let height = Int(UInt32(littleEndianBytes: size[4..<8]))
    guard (2...1 << 14).contains(width), (2...1 << 14).contains(height), width % 2 == 0,
      height % 2 == 0, length == 8 + width * height * 3 / 2
    else { throw ending() }
    let y = try bytes(width * height)
    let u = try bytes(width * height / 4)
    let v = try bytes(width * height / 4)
    guard y.count == width * height, u.count == v.count, u.count == y.count / 4 else {
      throw ending()
    }
    return SandboxMessage(
      tag: .frame, payload: [],
      frame: VideoFrame(width: width, height: height, y: y, u: u, v: v))
  }

  /// A fault of the input. A child that had less memory than it may need cannot tell: then it is a
  /// fault of the machine.
  func failure(_ message: String) -> Diagnostic {
    if room?.isMemoryShort == true {
      return SandboxFault.short(of: "memory", "ulimit -v or -d, LimitAS= or LimitDATA=", key)
    }
    return Diagnostic(.data, message, at: .init(file: key))
  }

  /// The warning in a message; `nil` if it is malformed.
  func warning(_ bytes: [UInt8]) -> Warning? {
    let parts = bytes.split(separator: 10, maxSplits: 1)
    guard parts.count == 2 else { return nil }
    return Warning(
      code: SandboxProcess.tame(parts[0]), subject: key, message: SandboxProcess.tame(parts[1]))
  }

  /// A hostile input may control the child. So its text is shortened, and control characters are
  /// removed.
  static func tame(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(400), as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
  }

  /// Reads exactly `count` bytes, and fewer only at the end of the pipe.
  private func bytes(_ count: Int) throws(Diagnostic) -> [UInt8] {
    var done = 0
    var problem: Diagnostic?
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, initialized in
      while done < count {
        if let found = waitForInput() {
          problem = found
          break
        }
        let got = retryingInterrupts {
          Glibc.read(pipe, room.baseAddress.map { $0 + done }, count - done)
        }
        if got <= 0 { break }
        done += got
      }
      initialized = done
    }
    if let problem { throw problem }
    return bytes
  }

  /// Waits for the child and counts the time. Time in which the parent is busy with frames does not
  /// count.
  private func waitForInput() -> Diagnostic? {
    let budget = Int64(limits.waitingSeconds) * 1_000_000_000
    while true {
      var entry = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
      let before = SandboxProcess.now()
      let left = max(0, (budget - waited) / 1_000_000)
      let ready = poll(&entry, 1, Int32(min(left, 200)))
      waited += SandboxProcess.now() - before
      if ready > 0 { return nil }
      var problem: Diagnostic? =
        waited < budget ? nil : SandboxFault.slow(limits.waitingSeconds, key)
      do throws(Diagnostic) { try check() } catch { problem = error }
      guard let problem else { continue }
      kill(process, SIGKILL)
      reap()
      return problem
    }
  }

  private static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  /// Signals that a process sends itself by a fault in its own work. Any other signal comes from
  /// outside: from the OOM killer, or from a service manager that ends all processes of a unit.
  private static let ownSignals = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS]

  /// Why a child ended too early.
  private func ending() -> Diagnostic {
    // Nothing but its end closes the child's end of the pipe. A child that holds it sent a
    // malformed message and can run on.
    let isOurs = isPipeOpen
    if isOurs { kill(process, SIGKILL) }
    let (status, seconds) = reap()
    if yb_has_exited(status) != 0 {
      switch yb_exit_status(status) {
      case SandboxChild.unknownJob:
        return Diagnostic(.bug, "the decoding process does not know its job")
      case let code where room == nil: return SandboxFault.missing("it ended with \(code)", key)
      default: return failure("the decoder ended without an answer")
      }
    }
    if isOurs { return failure("the decoding process sent a malformed message") }
    let signal = yb_signal(status)
    guard let room else { return SandboxFault.killed(by: signal, key) }
    // A child that takes over its own signals ends at the hard limit, by SIGKILL.
    if signal == SIGXCPU || (signal == SIGKILL && seconds >= room.processorSeconds) {
      if room.processorSeconds < limits.processorSeconds {
        return SandboxFault.short(of: "processor time", "ulimit -t, LimitCPU=", key)
      }
      return failure("decoding took more than \(limits.processorSeconds) s of processor time")
    }
    guard SandboxProcess.ownSignals.contains(signal) else {
      return SandboxFault.killed(by: signal, key)
    }
    return failure("the decoder crashed")
  }

  /// Whether the child holds its end of the pipe.
  private var isPipeOpen: Bool {
    var entry = pollfd(fd: pipe, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) >= 0 && Int32(entry.revents) & POLLHUP == 0
  }

  /// Waits for the child's end. Returns how it ended and its processor time in seconds.
  @discardableResult
  private func reap() -> (status: Int32, seconds: Int) {
    if isReaped { return (0, 0) }
    isReaped = true
    var status: Int32 = 0
    var usage = rusage()
    _ = retryingInterrupts { wait4(process, &status, 0, &usage) }
    let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
    return (status, usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + microseconds / 1_000_000)
  }
}
