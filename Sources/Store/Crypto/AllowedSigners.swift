import Basics
package import Diagnostics

/// The keys whose signatures are accepted: OpenSSH's `allowed_signers` (ssh-keygen(1), ALLOWED
/// SIGNERS), Ed25519 keys only.
///
/// The only supported option is `namespaces`. A line with another option is refused.
package struct AllowedSigners: Sendable {
  private let keys: Set<[UInt8]>

  /// The ASCII letters and signs that a word begins with: a terminal obeys none of them.
  private static func shown(_ word: Substring) -> Substring {
    word.prefix(40).prefix { $0.isASCII && (" "..."~").contains($0) }
  }

  /// Reads an `allowed_signers` file.
  ///
  /// - Throws: `.configuration` for a file that does not exist, has an unreadable line, or names no
  ///   key.
  package init(file: String) throws(Diagnostic) {
    guard let bytes = try FileReader.contents(file) else {
      throw Diagnostic(
        .configuration, "the list of signers \(file) does not exist",
        hint: "write one line per signer: NAME namespaces=\"yearbook\" ssh-ed25519 KEY")
    }
    var keys: Set<[UInt8]> = []
    let lines = String(decoding: bytes, as: UTF8.self)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      let place = Diagnostic.Subject(file: file, line: index + 1)
      guard words.count >= 3 else {
        throw Diagnostic(
          .configuration, "expected a principal, options and a key", at: place,
          hint: "write: NAME namespaces=\"yearbook\" ssh-ed25519 AAAA…")
      }
      var rest = words.dropFirst()
      if let option = rest.first, option.contains("=") || option == "cert-authority" {
        let parts = option.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0] == "namespaces" else {
          throw Diagnostic(
            .configuration, "the option \(Self.shown(parts.first ?? option)) is not supported",
            at: place, hint: "remove it; only namespaces=\"…\" is supported")
        }
        rest = rest.dropFirst()
        let names = parts[1].filter { $0 != "\"" }.split(separator: ",")
        if !names.contains(where: { $0 == SSHSignature.namespace }) { continue }
      }
      // The file can contain keys of other kinds. No release is signed with them.
      if let key = ReleaseSigner.publicKey(line: rest.joined(separator: " ")) { keys.insert(key) }
    }
    guard !keys.isEmpty else {
      throw Diagnostic(
        .configuration, "\(file) names no Ed25519 key for the namespace yearbook")
    }
    self.keys = keys
  }

  init(keys: Set<[UInt8]>) { self.keys = keys }

  /// Whether one of the signers signed the message.
  func accept(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard let signature = SSHSignature(armored: signature) else { return false }
    return keys.contains(signature.publicKey) && signature.isValid(for: message)
  }
}
