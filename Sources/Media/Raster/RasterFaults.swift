import Basics
import CLibRSVG
import CSandbox
import Diagnostics
import Glibc
import Synchronization

/// What the drawing libraries complain about. They write it to the standard error and go on, or end
/// the process.
enum RasterFaults {
  /// Whether text was drawn without its font. Pango says so once for each font, so what is drawn
  /// later cannot be trusted either.
  private static let isUgly = Atomic<Bool>(false)

  /// The address space that fonts and the threads that look for them need, in bytes. With less,
  /// Pango can wait for ever for an answer that fontconfig could not give.
  private static let neededRoom = 300_000_000
  /// The room that there was before the first drawing, if it was too little.
  private static let tooLittle = Atomic<Int>(.max)

  /// Measures the room, before the first drawing takes it.
  static func measureRoom() {
    let limit = yb_soft_limit(yb_rlimit_as())
    guard limit < UInt(Int.max), let pages = FileSource.firstNumber(of: "/proc/self/statm") else {
      return
    }
    let left = Int(limit) - pages * Int(getpagesize())
    if left < neededRoom { tooLittle.store(max(0, left), ordering: .relaxed) }
  }

  /// Throws `configuration` if there is too little address space to draw text.
  static func checkRoom() throws(Diagnostic) {
    let left = tooLittle.load(ordering: .relaxed)
    guard left < .max else { return }
    throw Diagnostic(
      .configuration,
      "drawing text needs \(Counted.bytes(neededRoom)) of address space, and \(Counted.bytes(left))"
        + " are left",
      hint: "raise or remove the limit that this process inherits (ulimit -v, LimitAS=)")
  }

  /// Takes over the libraries' log. Nothing reaches the standard error, except why the process
  /// ends.
  static func watch() {
    g_log_set_writer_func(
      { level, fields, count, _ in
        RasterFaults.take(level, fields, count)
        return G_LOG_WRITER_HANDLED
      }, nil, nil)
  }

  private static func take(
    _ level: GLogLevelFlags, _ fields: UnsafePointer<GLogField>?, _ count: gsize
  ) {
    guard let fields else { return }
    var message = ""
    for index in 0..<Int(count) where String(cString: fields[index].key) == "MESSAGE" {
      if let value = fields[index].value {
        message = String(cString: value.assumingMemoryBound(to: CChar.self))
      }
    }
    // Pango: “failed to create cairo scaled font, expect ugly output”, where a font cannot be read
    // or memory runs out.
    if message.contains("expect ugly output") { isUgly.store(true, ordering: .relaxed) }
    // After an error, GLib ends the process. It does so where a thread is refused.
    if level.rawValue & G_LOG_LEVEL_ERROR.rawValue != 0 { end(message) }
  }

  private static func end(_ message: String) {
    let text = """
      error: the libraries that draw text cannot go on: \(message)
        what to do: raise the limits of processes and memory: ulimit -u and -v, TasksMax= and LimitAS=

      """
    _ = Array(text.utf8).withUnsafeBytes { FileDescriptor.write($0, to: STDERR_FILENO) }
    _exit(69)
  }

  /// Throws `unavailable` if text was drawn without its font.
  static func check() throws(Diagnostic) {
    guard isUgly.load(ordering: .relaxed) else { return }
    throw Diagnostic(
      .unavailable, "text cannot be drawn: a font cannot be read, or memory has run out",
      hint: "yearbook doctor tries each script; a lower limit of memory can be the cause: ulimit -v"
    )
  }
}
