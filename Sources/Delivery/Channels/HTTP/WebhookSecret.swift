import Crypto
package import Diagnostics
import Foundation

/// A secret shared with the receiver of webhooks, which signs them: Standard Webhooks
/// (standardwebhooks.com), scheme `v1`.
package struct WebhookSecret: Sendable {
  private let key: SymmetricKey

  /// Reads `whsec_BASE64`, of 24 to 64 bytes.
  ///
  /// - Throws: `.configuration`
  package init(_ text: String) throws(Diagnostic) {
    let prefix = "whsec_"
    let encoded = text.hasPrefix(prefix) ? text.dropFirst(prefix.count) : ""
    guard let data = Data(base64Encoded: String(encoded)), (24...64).contains(data.count) else {
      throw Diagnostic(
        .configuration, "a webhook's secret is not whsec_ with 24 to 64 bytes in base64",
        hint: "make one: echo whsec_$(head -c 32 /dev/urandom | base64)")
    }
    key = SymmetricKey(data: data)
  }

  /// `v1,BASE64`
  func signature(id: String, time: Int, _ body: [UInt8]) -> String {
    var hmac = HMAC<SHA256>(key: key)
    hmac.update(data: Data("\(id).\(time).".utf8))
    hmac.update(data: body)
    return "v1," + Data(hmac.finalize()).base64EncodedString()
  }
}
