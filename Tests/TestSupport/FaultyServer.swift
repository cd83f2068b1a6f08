import FoundationEssentials
import Glibc

/// A real server on the loopback interface that can be told to misbehave: a script of
/// Tests/Fixtures, run by the judges' Python.
///
/// `@unchecked Sendable`: its fields do not change, and the program only gets a signal.
package final class FaultyServer: @unchecked Sendable {
  /// Why tests that need a server are skipped; `nil` if they are not.
  package static let missing: String? =
    access(Places.project + "/.build-judges/bin/aiosmtpd", X_OK) == 0
    ? nil : "aiosmtpd is not installed: scripts/install-judges"

  package let port: Int
  /// Where it writes what it gets.
  package let path: String
  private let folder: TemporaryFolder
  private let program: RunningProgram

  /// Starts `Tests/Fixtures/SCRIPT` and waits until it listens.
  package init(_ script: String, _ arguments: [String] = []) throws {
    folder = try TemporaryFolder()
    path = folder.path
    program = try RunningProgram(
      [
        Places.project + "/.build-judges/bin/python", Places.project + "/Tests/Fixtures/" + script,
        folder.path,
      ] + arguments)
    let ready = folder.path + "/ready"
    guard eventually(within: 60, { access(ready, F_OK) == 0 }),
      let port = Int(Self.text(ready).filter(\.isNumber))
    else {
      print(program.output)
      throw POSIXFailure(ETIMEDOUT)
    }
    self.port = port
  }

  deinit {
    program.send(SIGKILL)
    _ = try? program.wait()
  }

  /// Tells it how to misbehave from now on; `nil`: not at all. If the same rule is set again, its
  /// count starts at one.
  package func misbehave(_ rule: String?) {
    let text = rule.map { "\(UInt32.random(in: 0 ... .max))#\($0)" } ?? ""
    precondition(
      FileManager.default.createFile(
        atPath: folder.path + "/rule.new", contents: Data(text.utf8)))
    rename(folder.path + "/rule.new", folder.path + "/rule")
  }

  /// The lines of its log so far.
  package var log: [String] {
    Self.text(folder.path + "/log").split(separator: "\n").map(String.init)
  }

  private static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
