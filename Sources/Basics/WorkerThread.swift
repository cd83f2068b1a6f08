import CFiles
package import Diagnostics
import Glibc

/// Threads that may be refused.
///
/// Foundation's `Thread` does not tell that the system refused one, and whoever waits for its work
/// then waits for ever.
package enum WorkerThread {
  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(_ name: String, _ run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a thread that runs `body` and ends.
  ///
  /// - Parameters:
  ///   - name: at most 15 bytes.
  ///   - stack: the bytes of its stack. Layout engines and codecs recurse deeper than a secondary
  ///     thread's default allows.
  /// - Throws: `unavailable` if the system does not allow another thread.
  package static func start(
    _ name: String, stack: Int = 8 << 20, _ body: @escaping @Sendable () -> Void
  ) throws(Diagnostic) {
    let box = Unmanaged.passRetained(Body(name, body))
    var status = EAGAIN
    // A machine under load can refuse a thread and allow it a moment later.
    for attempt in 0..<5 where status == EAGAIN {
      if attempt > 0 { usleep(20_000) }
      status = create(stack, box.toOpaque())
    }
    if status == 0 { return }
    box.release()
    throw Diagnostic(
      .unavailable, "a thread cannot be started: \(String(cString: strerror(status)))",
      hint: "raise the limits of processes and memory: ulimit -u and -v, TasksMax= and LimitAS=",
      isTransient: true)
  }

  /// Returns the error's number; 0 if the thread runs.
  private static func create(_ stack: Int, _ body: UnsafeMutableRawPointer) -> Int32 {
    withUnsafeTemporaryAllocation(of: pthread_attr_t.self, capacity: 1) { room in
      guard let attributes = room.baseAddress else { return ENOMEM }
      pthread_attr_init(attributes)
      defer { pthread_attr_destroy(attributes) }
      pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
      pthread_attr_setstacksize(attributes, stack)
      var thread: pthread_t = 0
      return pthread_create(
        &thread, attributes,
        { pointer in
          guard let pointer else { return nil }
          let body = Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
          _ = yb_name_thread(pthread_self(), body.name)
          body.run()
          return nil
        }, body)
    }
  }
}
