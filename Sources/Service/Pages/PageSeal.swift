import Basics
import Crypto
import Diagnostics
import Foundation

/// Signs the forms of pages, so that a form that comes back is one that this person was shown, for
/// this purpose.
struct PageSeal: Sendable {
  private let key: SymmetricKey
  /// How long a form can be open, in seconds: a working day.
  static let seconds = 12 * 3600

  /// - Parameter file: the file of the key, of at least 32 bytes; others must not be able to read
  ///   it.
  /// - Throws: `.configuration`.
  init(file: String) throws(Diagnostic) {
    guard let bytes = try FileReader.contents(file), bytes.count >= 32 else {
      throw Diagnostic(
        .configuration, "the key of the pages is missing, or has fewer than 32 bytes",
        at: .init(file: file), hint: "head -c 32 /dev/urandom >KEY; chmod 600 KEY")
    }
    if let mode = Disk.mode(file), mode & 0o004 != 0 {
      throw Diagnostic(
        .configuration, "every user can read the key of the pages", at: .init(file: file),
        hint: CommandText.line(["chmod", "o=", file]))
    }
    key = SymmetricKey(data: bytes)
  }

  /// The value of a form's hidden field: its end, a name of its own, and the signature.
  ///
  /// - Parameters:
  ///   - purpose: what the form does.
  ///   - session: whose it is.
  func form(_ purpose: String, of session: String, now: Int) -> String {
    let name = (0..<16).map { _ in UInt8.random(in: 0...255) }
    let start = "\(now + Self.seconds).\(Base64URL.encode(name))"
    let code = HMAC<SHA256>.authenticationCode(
      for: Self.text(start, purpose, session), using: key)
    return "\(start).\(Base64URL.encode(Array(code)))"
  }

  /// The name of a form that came back; `nil` if it is not one of ours, is for something else, is
  /// another person's, or is too old.
  func name(of form: String, _ purpose: String, of session: String, now: Int) -> String? {
    let parts = form.split(separator: ".", omittingEmptySubsequences: false)
    guard form.utf8.count <= 200, parts.count == 3, let until = Route.number(parts[0]),
      now < until, until <= now + Self.seconds, let code = Base64URL.decode(parts[2].utf8),
      HMAC<SHA256>.isValidAuthenticationCode(
        code, authenticating: Self.text("\(parts[0]).\(parts[1])", purpose, session), using: key)
    else { return nil }
    return String(parts[1])
  }

  /// Lengths stand before the texts, so that no two forms have the same bytes.
  private static func text(_ start: String, _ purpose: String, _ session: String) -> Data {
    let parts = ["yearbook form", start, purpose, session]
    return Data(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8)
  }
}
