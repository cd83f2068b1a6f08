import Basics
import Foundation

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

extension ObjectClient {
  /// The most seconds for which Amazon takes a signed link.
  package static let longestLink = 7 * 86_400

  /// An address at which anybody can read an object for some time, without credentials: Amazon's
  /// Signature Version 4 in the query. libcurl signs headers only.
  ///
  /// With temporary credentials it ends with them at the latest.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - seconds: At most `longestLink`.
  package func signedURL(of path: String, at now: Int, seconds: Int) -> String {
    // `https://HOST[:PORT][/BUCKET]`
    let parts = bucket.location.url(region: bucket.region).split(separator: "/", maxSplits: 2)
    let (scheme, host) = (parts[0], parts[1])
    let object =
      parts.dropFirst(2).map { "/" + $0 }.joined() + "/"
      + Self.encoded(key(path), keeping: "/")
    let moment = Timestamp.rfc3339(now).filter { $0 != "-" && $0 != ":" }
    let scope = "\(moment.prefix(8))/\(bucket.region)/s3/aws4_request"
    var fields = [
      ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
      ("X-Amz-Credential", "\(bucket.credentials.keyID)/\(scope)"),
      ("X-Amz-Date", moment), ("X-Amz-Expires", "\(min(seconds, Self.longestLink))"),
    ]
    if let token = bucket.credentials.token { fields.append(("X-Amz-Security-Token", token)) }
    fields.append(("X-Amz-SignedHeaders", "host"))
    let query = fields.map { "\($0)=\(Self.encoded($1))" }.joined(separator: "&")
    let request = ["GET", object, query, "host:\(host)", "", "host", "UNSIGNED-PAYLOAD"]
      .joined(separator: "\n")
    let digest = SHA256Digest(of: request.utf8).hex
    let text = ["AWS4-HMAC-SHA256", moment, scope, digest].joined(separator: "\n")
    var key = Array("AWS4\(bucket.credentials.secret)".utf8)
    for word in scope.split(separator: "/") { key = Self.authenticated(String(word), key) }
    let signature = Self.authenticated(text, key).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
    return "\(scheme)//\(host)\(object)?\(query)&X-Amz-Signature=\(signature)"
  }

  private static func authenticated(_ text: String, _ key: [UInt8]) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(
        for: Data(text.utf8), using: SymmetricKey(data: key)))
  }
}
