import Basics
package import Diagnostics

/// The credentials for an object store. The description does not show them.
package struct BucketCredentials: Sendable, CustomStringConvertible {
  package let keyID: String
  package let secret: String
  /// The session token of temporary credentials.
  package let token: String?

  /// The credentials in the environment; if there are none, those of the profile.
  package init(environment: [String: String], profile: AWSProfile) throws(Diagnostic) {
    func pair(_ get: (String) -> String?) -> (String, String)? {
      guard let id = get("aws_access_key_id"), let secret = get("aws_secret_access_key") else {
        return nil
      }
      return (id, secret)
    }
    func ofEnvironment(_ name: String) -> String? {
      environment[name.uppercased()].flatMap { $0.isEmpty ? nil : $0 }
    }
    if let (id, secret) = pair(ofEnvironment) {
      (keyID, self.secret, token) = (id, secret, ofEnvironment("aws_session_token"))
    } else if let (id, secret) = pair({ profile[$0] }) {
      (keyID, self.secret, token) = (id, secret, profile["aws_session_token"])
    } else {
      throw Diagnostic(
        .configuration, "there are no credentials for the mirror's bucket",
        hint: "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or set AWS_PROFILE to a profile"
          + " in ~/.aws/credentials")
    }
    guard (keyID + secret + (token ?? "")).utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Diagnostic(
        .configuration, "the credentials for the mirror's bucket contain a space or a line break",
        hint: "set them again without it")
    }
  }

  package var description: String { "credentials" }
}

/// The settings of one profile in `~/.aws/credentials` and `~/.aws/config`.
package struct AWSProfile {
  private var values: [String: String] = [:]

  /// Reads the profile that `AWS_PROFILE` names; without it, the profile `default`.
  ///
  /// - Throws: `.configuration` if `AWS_PROFILE` names a profile that does not exist.
  package init(environment: [String: String]) throws(Diagnostic) {
    func value(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    let home = value("HOME").map { $0 + "/.aws" }
    let files = [
      value("AWS_CONFIG_FILE") ?? home.map { $0 + "/config" },
      value("AWS_SHARED_CREDENTIALS_FILE") ?? home.map { $0 + "/credentials" },
    ]
    let name = value("AWS_PROFILE") ?? "default"
    var isFound = false
    // If both files have a setting, the second file's applies.
    for case let file? in files {
      guard let bytes = try FileReader.contents(file) else { continue }
      isFound = read(String(decoding: bytes, as: UTF8.self), profile: name) || isFound
    }
    if !isFound, value("AWS_PROFILE") != nil {
      throw Diagnostic(
        .configuration, "the profile named in AWS_PROFILE does not exist",
        hint: "check ~/.aws/credentials and ~/.aws/config")
    }
  }

  /// The setting with this name, if the profile has it.
  package subscript(_ name: String) -> String? { values[name] }

  /// - Returns: Whether the profile is in the text.
  private mutating func read(_ text: String, profile: String) -> Bool {
    var isOurs = false
    var isFound = false
    for line in text.split(whereSeparator: \.isNewline) {
      let line = Self.trimmed(line)
      if line.hasPrefix("[") {
        let words = line.dropFirst().prefix { $0 != "]" }.split(whereSeparator: \.isWhitespace)
        isOurs = words.last.map { $0 == profile } ?? false && words.count <= 2
        if words.count == 2, words[0] != "profile" { isOurs = false }
        isFound = isFound || isOurs
      } else if isOurs, !line.hasPrefix("#"), !line.hasPrefix(";"),
        let equals = line.firstIndex(of: "=")
      {
        let value = Self.trimmed(line[line.index(after: equals)...])
        if !value.isEmpty { values[Self.trimmed(line[..<equals]).lowercased()] = String(value) }
      }
    }
    return isFound
  }

  private static func trimmed(_ text: Substring) -> Substring {
    let start = text.drop { $0.isWhitespace }
    guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return start[...last]
  }
}
