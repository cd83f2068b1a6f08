import FoundationEssentials

/// A certificate for localhost that is its own authority.
package final class TestCertificate {
  package let file: String
  package let key: String
  private let folder: TemporaryFolder

  /// - Parameter isExpired: Whether it was good only before today.
  package init(isExpired: Bool = false) throws {
    folder = try TemporaryFolder()
    (file, key) = (folder.path + "/certificate.pem", folder.path + "/key.pem")
    func program(_ name: String) throws -> String {
      guard let path = Places.program(name) else { throw Failed(output: "no \(name)") }
      return path
    }
    var command = [
      try program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
      "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", file, "-subj", "/CN=localhost",
      "-addext", "subjectAltName=DNS:localhost", "-days", "2",
    ]
    if isExpired { command = [try program("faketime"), "2020-01-01"] + command }
    let made = try Program.run(command)
    guard made.status == 0 else { throw Failed(output: made.output) }
  }

  /// No certificate was made.
  package struct Failed: Error {
    package var output: String
  }
}
