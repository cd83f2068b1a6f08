import Basics
import Delivery
package import Diagnostics
import Foundation
import Postgres

/// A file that others must not read, because it holds a secret, or not change, because the program
/// does what it says.
package struct SecretFile: Sendable {
  package var path: String
  /// What it is, for people: `the password file`.
  package var what: String
  /// Whether it holds a secret; otherwise it must only not be changed by others.
  package var isSecret = true
  /// Whether its group can read it, as is usual for what root hands to a service.
  package var isForGroup = true

  /// What is wrong with its permissions; `nil` if nothing is, or if there is no such file.
  package var fault: Diagnostic? {
    guard let mode = Disk.mode(path) else { return nil }
    let readers: UInt32 = isForGroup ? 0o004 : 0o044
    if isSecret, mode & readers != 0 {
      return Diagnostic(
        .configuration,
        "\(what) holds a secret, and \(mode & 0o004 != 0 ? "every user" : "its group") can read it"
          + " (mode \(String(mode & 0o777, radix: 8)))",
        at: .init(file: path),
        hint: CommandText.line(["chmod", isForGroup ? "o=" : "go=", path])
          + " (and change the secret, if others work on this machine)")
    }
    guard mode & 0o002 != 0 else { return nil }
    return Diagnostic(
      .configuration,
      "every user can change \(what) (mode \(String(mode & 0o777, radix: 8)))",
      at: .init(file: path), hint: CommandText.line(["chmod", "o-w", path]))
  }
}

extension Configuration {
  /// The existing files that hold secrets of this configuration, and the configuration's own.
  ///
  /// - Parameter environment: the environment of the process; `HOME` and libpq's and Amazon's
  ///   variables are used.
  package func secretFiles(environment: [String: String]) -> [SecretFile] {
    var files: [SecretFile] = []
    if let file {
      files.append(SecretFile(path: file, what: "the configuration", isSecret: holdsPassword))
    }
    if let signingKey, Self.isPrivateKey(signingKey) {
      files.append(SecretFile(path: signingKey, what: "the signing key", isForGroup: false))
    }
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let secrets = [source, record].compactMap(\.self).map { ConnectionSecrets($0) }
    // libpq takes no notice of a password file that the group can read.
    for path in secrets.compactMap(\.passwordFile)
      + [environment["PGPASSFILE"] ?? home.map { $0 + "/.pgpass" }].compactMap(\.self)
    {
      files.append(SecretFile(path: path, what: "the password file", isForGroup: false))
    }
    for path in secrets.compactMap(\.keyFile) + [environment["PGSSLKEY"]].compactMap(\.self) {
      files.append(SecretFile(path: path, what: "the database client's key"))
    }
    if let path = environment["PGSERVICEFILE"] ?? home.map({ $0 + "/.pg_service.conf" }) {
      let text = FileManager.default.contents(atPath: path) ?? Data()
      let isSecret = text.range(of: Data("password".utf8)) != nil
      files.append(SecretFile(path: path, what: "the service file", isSecret: isSecret))
    }
    if mirror != nil,
      let path = environment["AWS_SHARED_CREDENTIALS_FILE"]
        ?? home.map({ $0 + "/.aws/credentials" })
    {
      files.append(SecretFile(path: path, what: "the bucket's credentials"))
    }
    let channels = channels.sorted { $0.key < $1.key }.flatMap(\.value.secrets)
    for case .file(let path) in channels {
      files.append(SecretFile(path: path, what: "the file of a channel's secret"))
    }
    var known: Set<String> = []
    return files.filter { Disk.mode($0.path) != nil && known.insert($0.path).inserted }
  }

  /// Whether a file is an OpenSSH private key, and not the public key of one that an agent holds.
  private static func isPrivateKey(_ path: String) -> Bool {
    guard let data = FileManager.default.contents(atPath: path) else { return false }
    return data.prefix(512).range(of: Data("PRIVATE KEY".utf8)) != nil
  }
}
