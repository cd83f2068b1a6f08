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
  private var waited: Int64 = 0
  private var isReaped = false

  init(
    _ job: SandboxJob, object: MediaObject, limits: SandboxLimits
  ) throws(Diagnostic) {
    self.limits = limits
    key = object.key
    var ends: [Int32] = [-1, -1]
    if yb_pipe(&ends) != 0 { throw FileSink.failure("cannot create a pipe", object.key) }
    pipe = ends[0]
    defer { close(ends[1]) }
    do throws(Diagnostic) {
      process = try SandboxServer.start(
        limits.words + job.words, input: object.descriptor, output: ends[1])
    } catch {
      close(ends[0])
      throw error
    }
  }

  deinit {
    close(pipe)
    if !isReaped {
      kill(process, SIGKILL)
      _ = reap()
    }
  }

  /// The next message, or `nil` after the child has done its work.
  ///
  /// - Throws: `data` if the job failed or the input crashed the child.
  func next() throws(Diagnostic) -> SandboxMessage? {
    if isReaped { return nil }
    let head = try read(5)
    if head.isEmpty { throw ending() }
    let length = Int(UInt32(littleEndianBytes: head[1...4]))
    if head.count == 5, head[0] == SandboxMessage.Tag.frame.rawValue {
      return try frame(length)
    }
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

  /// A picture. Its planes are read directly into their final memory.
  private func frame(_ length: Int) throws(Diagnostic) -> SandboxMessage {
    let size = try read(8)
    guard length >= 8, size.count == 8 else { throw ending() }
    let width = Int(UInt32(littleEndianBytes: size[0..<4]))
    let height = Int(UInt32(littleEndianBytes: size[4..<8]))
    guard (2...1 << 14).contains(width), (2...1 << 14).contains(height), width % 2 == 0,
      height % 2 == 0, length == 8 + width * height * 3 / 2
    else { throw ending() }
    let y = try read(width * height)
    let u = try read(width * height / 4)
    let v = try read(width * height / 4)
    guard y.count == width * height, u.count == v.count, u.count == y.count / 4 else {
      throw ending()
    }
    return SandboxMessage(
      tag: .frame, payload: [],
      frame: VideoFrame(width: width, height: height, y: y, u: u, v: v))
  }

  func failure(_ message: String) -> Diagnostic {
    Diagnostic(.data, message, at: .init(file: key))
  }

  /// A hostile input may control the child. So its text is shortened, and control characters are
  /// removed.
  static func tame(_ bytes: some Collection<UInt8>) -> String {
    let text = String(decoding: bytes.prefix(400), as: UTF8.self)
    return String(
      String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
  }

  /// Reads exactly `count` bytes, and fewer only at the end of the pipe.
  private func read(_ count: Int) throws(Diagnostic) -> [UInt8] {
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

  /// Why a child ended too early.
  private func ending() -> Diagnostic {
    // A child that closed its pipe or sent a malformed message may still run.
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
      // RLIMIT_CPU's hard limit, the OOM killer or our SIGKILL above.
      failure("the decoding process was ended")
    default: failure("the decoder crashed")
    }
  }

  private func reap() -> Int32 {
    if isReaped { return 0 }
    isReaped = true
    var status: Int32 = 0
    _ = retryingInterrupts { waitpid(process, &status, 0) }
    return status
  }
}
