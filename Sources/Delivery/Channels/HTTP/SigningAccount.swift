import Transfer

/// Who signs requests to Amazon's services, or to those that are asked as they are.
package struct SigningAccount: Sendable {
  package var region: String
  package var keyID: String
  package var secret: String
  /// Of temporary credentials.
  package var token: String?

  /// An account with lasting credentials.
  package init(region: String, keyID: String, secret: String) {
    self.region = region
    self.keyID = keyID
    self.secret = secret
  }

  /// What a request to the service is signed with.
  func signing(_ service: String) -> HTTPTransfer.Signing {
    HTTPTransfer.Signing(service: service, region: region, keyID: keyID, secret: secret)
  }

  /// The headers that go along.
  var headers: [(name: String, value: String)] {
    token.map { [("x-amz-security-token", $0)] } ?? []
  }
}
