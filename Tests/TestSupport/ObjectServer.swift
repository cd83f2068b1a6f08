import FoundationEssentials
import Glibc

/// A real S3 server (moto) on the loopback interface, behind a proxy that can misbehave; see
/// Tests/Fixtures/object_server.py.
///
/// `@unchecked Sendable`: its fields do not change, and the program only gets a signal.
package final class ObjectServer: @unchecked Sendable {
  /// Why tests that need the server are skipped; `nil` if they are not.
  package static let missing: String? =
    access(Places.project + "/.build-judges/bin/moto_server", X_OK) == 0
    ? nil : "moto is not installed: scripts/install-judges"

  /// `http://127.0.0.1:PORT`
  package let endpoint: String
  private let folder: TemporaryFolder
  private let program: RunningProgram
  private let lines: [String]

  /// - Parameter certificate: The files of a certificate and its key. With them, the server uses
  ///   TLS.
  package init(certificate: (file: String, key: String)? = nil) throws {
    folder = try TemporaryFolder()
    program = try RunningProgram(
      [
        Places.project + "/.build-judges/bin/python",
        Places.project + "/Tests/Fixtures/object_server.py", folder.path,
      ] + (certificate.map { [$0.file, $0.key] } ?? []))
    let ready = folder.path + "/ready"
    guard eventually(within: 60, { access(ready, F_OK) == 0 }) else {
      throw POSIXFailure(ETIMEDOUT)
    }
    lines = Self.text(ready).split(separator: "\n").map(String.init)
    endpoint = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(lines[0])"
  }

  deinit { program.send(SIGKILL) }

  /// The environment for a client.
  package var environment: [String: String] {
    [
      "AWS_ACCESS_KEY_ID": lines[1], "AWS_SECRET_ACCESS_KEY": lines[2],
      "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1",
      "YEARBOOK_MIRROR_PLAIN_HTTP": "allow",
    ]
  }

  /// The environment for a client that cannot list versions.
  package var humbleEnvironment: [String: String] {
    environment.merging(["AWS_ACCESS_KEY_ID": lines[3], "AWS_SECRET_ACCESS_KEY": lines[4]]) { $1 }
  }

  /// Tells the proxy how to misbehave from now on, for example `status 503 1 3`; `nil`: not at all.
  package func misbehave(_ rule: String?) {
    // If the same rule is set again, its count starts at one.
    let text = rule.map { "\(UInt32.random(in: 0 ... .max))#\($0)" } ?? ""
    precondition(
      FileManager.default.createFile(
        atPath: folder.path + "/rule.new", contents: Data(text.utf8)))
    rename(folder.path + "/rule.new", folder.path + "/rule")
  }

  /// The requests so far: `PUT /bucket/key 200 absent`.
  package var requests: [String] {
    Self.text(folder.path + "/log").split(separator: "\n").map(String.init)
  }

  private static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
