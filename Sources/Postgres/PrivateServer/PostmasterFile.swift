import FoundationEssentials
import Glibc

/// What `postmaster.pid` in a data directory says about the server that runs there.
struct PostmasterFile {
  var pid: pid_t
  var port: String
  var socketDirectory: String
  /// `starting`, `ready`, `stopping`, `standby`.
  var status: String

  /// Reads the file; `nil` if there is none or it is not complete yet.
  ///
  /// Lines: process id, data directory, start time, port, socket folder, listen address, shared
  /// memory, status (PostgreSQL's `pidfile.h`).
  init?(data: String) {
    guard let bytes = FileManager.default.contents(atPath: data + "/postmaster.pid") else {
      return nil
    }
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false)
      .map { line in String(line.reversed().drop { $0 == " " }.reversed()) }
    guard lines.count >= 5, let pid = pid_t(lines[0]), pid > 0 else { return nil }
    self.pid = pid
    port = lines[3]
    socketDirectory = lines[4]
    status = lines.count > 7 ? lines[7] : "starting"
  }

  /// Whether the process is alive and works in `data`. After a crash, another program can have the
  /// same process id.
  func isAlive(data: String) -> Bool {
    guard kill(pid, 0) == 0 || errno == EPERM else { return false }
    do {
      return try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/cwd") == data
    } catch {
      // The process belongs to another user or has just ended: it is not our server.
      return false
    }
  }
}
