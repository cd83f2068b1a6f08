import Basics
import Crypto
package import Diagnostics
import FoundationEssentials

/// Signs releases and heads with an Ed25519 key in OpenSSH's format, from a file or from ssh-agent.
///
/// The key stays in memory or in the agent. It is never written.
package struct ReleaseSigner: Sendable {
  private enum Source: Sendable {
    case key(Curve25519.Signing.PrivateKey)
    case agent(SSHAgent)
  }

  private let source: Source
  /// 32 bytes.
  private let publicKey: [UInt8]

  /// Reads the key.
  ///
  /// - Parameters:
  ///   - file: A private key without a passphrase; or a public key (`.pub`) whose private key the
  ///     agent has.
  ///   - agent: The path of the agent's socket, `SSH_AUTH_SOCK`.
  /// - Throws: `.configuration` for a file that is not such a key.
  package init(file: String, agent: String?) throws(Diagnostic) {
    guard let bytes = try FileReader.contents(file) else {
      throw Diagnostic(
        .configuration, "the signing key \(file) does not exist",
        hint: "to make one: `ssh-keygen -t ed25519 -f FILE -N ''`")
    }
    if let publicKey = Self.publicKey(line: String(decoding: bytes, as: UTF8.self)) {
      guard let agent else {
        throw Diagnostic(
          .configuration,
          "\(file) is a public key, and there is no agent with its private key",
          hint: "start ssh-agent and set SSH_AUTH_SOCK, or name the file of a private key")
      }
      source = .agent(SSHAgent(socket: agent))
      self.publicKey = publicKey
      return
    }
    let key = try Self.privateKey(bytes, file)
    source = .key(key)
    publicKey = Array(key.publicKey.rawRepresentation)
  }

  /// The public key as a line of `authorized_keys` or `allowed_signers`: `ssh-ed25519 AAAA…`.
  package var publicKeyText: String {
    "ssh-ed25519 " + Data(SSHSignature.wire(publicKey)).base64EncodedString()
  }

  /// A detached signature over a message, like that of `ssh-keygen -Y sign -n yearbook`.
  func sign(_ message: [UInt8]) throws(Diagnostic) -> [UInt8] {
    guard let bytes = SSHSignature.signedBytes(of: message, hash: "sha512") else {
      throw Diagnostic(.bug, "the hash of a signature is unknown")
    }
    let signature: [UInt8]
    switch source {
    case .agent(let agent): signature = try agent.sign(bytes, with: publicKey)
    case .key(let key):
      do {
        signature = Array(try key.signature(for: bytes))
      } catch {
        throw Diagnostic(.bug, "cannot make a signature", underlying: error)
      }
    }
    return SSHSignature(publicKey: publicKey, signature: signature).armored
  }

  /// Whether a signature is this signer's, over these bytes.
  func hasSigned(_ message: [UInt8], _ signature: [UInt8]) -> Bool {
    AllowedSigners(keys: [publicKey]).accept(signature, of: message)
  }

  /// The key of a line such as `ssh-ed25519 AAAA… comment`.
  static func publicKey(line: some StringProtocol) -> [UInt8]? {
    let words = line.split(whereSeparator: \.isWhitespace)
    guard words.count >= 2, words[0] == "ssh-ed25519",
      let data = Data(base64Encoded: String(words[1]))
    else { return nil }
    return SSHSignature.key(wire: Array(data))
  }

  /// Reads OpenSSH's own format (PROTOCOL.key).
  private static func privateKey(
    _ bytes: [UInt8], _ file: String
  ) throws(Diagnostic) -> Curve25519.Signing.PrivateKey {
    let refusal = Diagnostic(
      .configuration, "\(file) is not an Ed25519 key in OpenSSH's format",
      hint: "to make one: `ssh-keygen -t ed25519 -f FILE -N ''`")
    guard let decoded = Armor.decode(bytes, label: "OPENSSH PRIVATE KEY") else { throw refusal }
    var reader = SSHReader(decoded)
    guard reader.raw(15) == Array("openssh-key-v1\0".utf8), let cipher = reader.text(),
      reader.text() != nil, reader.string() != nil, reader.integer() == 1,
      reader.string() != nil, let inner = reader.string()
    else { throw refusal }
    guard cipher == "none" else {
      throw Diagnostic(
        .configuration, "the signing key \(file) has a passphrase",
        hint: "add the key to ssh-agent and name its .pub file instead")
    }
    var secrets = SSHReader(inner)
    guard let first = secrets.integer(), secrets.integer() == first,
      secrets.text() == "ssh-ed25519", let publicKey = secrets.string(),
      let pair = secrets.string(), pair.count == 64
    else { throw refusal }
    do {
      let key = try Curve25519.Signing.PrivateKey(rawRepresentation: pair[..<32])
      guard Array(key.publicKey.rawRepresentation) == publicKey else { throw refusal }
      return key
    } catch {
      throw refusal
    }
  }
}
