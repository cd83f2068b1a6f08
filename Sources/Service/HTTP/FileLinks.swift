import Basics
import Crypto
import Diagnostics
import Foundation

/// Links to one file that work without a token, for some minutes.
///
/// A link is signed for the method, the tenant, the release and the path: nothing of it can be
/// changed, and it leads to nothing else.
struct FileLinks: Sendable {
  private let key: SymmetricKey
  private let seconds: Int

  /// - Parameters:
  ///   - file: the file of the key, of at least 32 bytes; others must not be able to read it.
  ///   - seconds: how long a link works.
  /// - Throws: `.configuration`.
  init(file: String, seconds: Int) throws(Diagnostic) {
    guard let bytes = try FileReader.contents(file), bytes.count >= 32 else {
      throw Diagnostic(
        .configuration, "the key for links is missing, or has fewer than 32 bytes",
        at: .init(file: file), hint: "head -c 32 /dev/urandom >KEY; chmod 600 KEY")
    }
    if let mode = Disk.mode(file), mode & 0o004 != 0 {
      throw Diagnostic(
        .configuration, "every user can read the key for links", at: .init(file: file),
        hint: CommandText.line(["chmod", "o=", file]))
    }
    key = SymmetricKey(data: bytes)
    self.seconds = seconds
  }

  /// The query of a link to a file.
  func query(tenant: String, location: String, path: String, now: Int) -> String {
    let until = now + seconds
    let code = HMAC<SHA256>.authenticationCode(
      for: Self.text(tenant, location, path, until), using: key)
    return "until=\(until)&signature=\(Base64URL.encode(Array(code)))"
  }

  /// Whether a link to a file is one of ours, and still works.
  func isGood(
    tenant: String, location: String, path: String, until: Int, signature: String, now: Int
  ) -> Bool {
    guard now < until, until <= now + ServiceSettings.mostLinkSeconds,
      let code = Base64URL.decode(signature.utf8)
    else { return false }
    return HMAC<SHA256>.isValidAuthenticationCode(
      code, authenticating: Self.text(tenant, location, path, until), using: key)
  }

  private static func text(
    _ tenant: String, _ location: String, _ path: String, _ until: Int
  ) -> Data {
    Data(["yearbook link", "GET", tenant, location, path, "\(until)"].joined(separator: "\n").utf8)
  }
}
