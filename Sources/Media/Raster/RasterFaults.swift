import Basics
import CLibRSVG
import Diagnostics
import Glibc
import Synchronization

/// What the drawing libraries complain about. They write it to the standard error and go on, or end
/// the process.
enum RasterFaults {
  /// Whether text was drawn without its font. Pango says so once for each font, so what is drawn
  /// later cannot be trusted either.
  private static let isUgly = Atomic<Bool>(false)

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
