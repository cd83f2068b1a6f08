import Basics
import Foundation

import struct Crypto.HMAC
import struct Crypto.SHA256
import struct Crypto.SymmetricKey

extension ObjectClient {
  /// The most seconds for which Amazon takes a signed link.
  package static let longestLink = 7 * 86_400

  /// As the bucket's own.
  package func signedURL(of path: String, at now: Int, seconds: Int) -> String {
    bucket.signedURL(of: path, at: now, seconds: seconds)
  }
}

extension Bucket {
  /// An address at which anybody can read an object for some time, without credentials: Amazon's
  /// Signature Version 4 in the query. libcurl signs headers only.
  ///
  /// With temporary credentials it ends with them at the latest.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - seconds: At most `ObjectClient.longestLink`.
  ///   - disposition: What the answer's `Content-Disposition` is; `nil`: the object's own.
  package func signedURL(
    of path: String, at now: Int, seconds: Int, disposition: String? = nil
  ) -> String {
    // `https://HOST[:PORT][/BUCKET]`
    let parts = location.url(region: region).split(separator: "/", maxSplits: 2)
    let (scheme, host) = (parts[0], parts[1])
    let key = location.prefix.isEmpty ? path : location.prefix + "/" + path
    let object =
      parts.dropFirst(2).map { "/" + $0 }.joined() + "/"
      + ObjectClient.encoded(key, keeping: "/")
    let moment = Timestamp.rfc3339(now).filter { $0 != "-" && $0 != ":" }
    let scope = "\(moment.prefix(8))/\(region)/s3/aws4_request"
    var fields = [
      ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
      ("X-Amz-Credential", "\(credentials.keyID)/\(scope)"),
      ("X-Amz-Date", moment), ("X-Amz-Expires", "\(min(seconds, ObjectClient.longestLink))"),
    ]
    if let token = credentials.token { fields.append(("X-Amz-Security-Token", token)) }
    fields.append(("X-Amz-SignedHeaders", "host"))
    // The fields are in the order of their names.
    if let disposition { fields.append(("response-content-disposition", disposition)) }
    let query = fields.map { "\($0)=\(ObjectClient.encoded($1))" }.joined(separator: "&")
    let request = ["GET", object, query, "host:\(host)", "", "host", "UNSIGNED-PAYLOAD"]
      .joined(separator: "\n")
    let digest = SHA256Digest(of: request.utf8).hex
    let text = ["AWS4-HMAC-SHA256", moment, scope, digest].joined(separator: "\n")
    var secret = Array("AWS4\(credentials.secret)".utf8)
    for word in scope.split(separator: "/") { secret = Self.authenticated(String(word), secret) }
    let signature = Self.authenticated(text, secret).map { byte in
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
